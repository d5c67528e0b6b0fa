// A <video> or <audio> whose file can be changed under it: it goes on where it was.

export class Player {
  #element;
  #wantedSecond = 0;

  constructor(element) {
    this.#element = element;
  }

  /** Plays another file from the second that was asked for last, if that one can be seeked in. */
  load(url) {
    const element = this.#element;
    if (element.getAttribute('src') === url) return;
    if (this.seekableEnd > 0) this.#wantedSecond = element.currentTime;
    this.#reload(url, this.#wantedSecond);
  }

  /** Asks for the same file again: what could not be seeked in while it was made, can be now. */
  reopen() {
    this.#reload(this.#element.getAttribute('src'), this.#element.currentTime);
  }

  jumpTo(second) {
    this.#wantedSecond = second;
    this.#element.currentTime = second;
  }

  get duration() {
    return Number.isFinite(this.#element.duration) ? this.#element.duration : 0;
  }

  /** 0: nobody can seek in it. A stream without a length claims to have no end. */
  get seekableEnd() {
    const { seekable } = this.#element;
    const end = seekable.length === 0 ? 0 : seekable.end(seekable.length - 1);
    return Number.isFinite(end) ? end : 0;
  }

  /** In words, again whenever it is another. */
  tellPosition(tell) {
    const events = ['loadedmetadata', 'durationchange', 'progress', 'timeupdate', 'seeking', 'seeked', 'emptied'];
    const tellNow = () =>
      tell(`at ${this.#element.currentTime.toFixed(1)} s, seekable to ${this.seekableEnd.toFixed(1)} s`);
    for (const event of events) this.#element.addEventListener(event, tellNow);
    tellNow();
  }

  #reload(url, second) {
    const element = this.#element;
    const wasPlaying = !element.paused;
    element.src = url;
    element.addEventListener('loadedmetadata', () => (element.currentTime = second), { once: true });
    if (wasPlaying) element.play().catch(() => {}); // loading something else ends the promise, and that is no failure
  }
}
