// A <video> or <audio> whose file can be changed under it: it goes on where it was.

export class Player {
  #element;
  #wantedSecond = 0;
  #remembered;

  constructor(element) {
    this.#element = element;
    element.addEventListener('seeking', () => {
      if (this.seekableEnd > 0) this.#remembered = undefined;
    });
  }

  /** Plays another file from the second that was wanted last, if one can jump in it. */
  load(url) {
    const element = this.#element;
    if (element.getAttribute('src') === url) return;
    if (this.seekableEnd > 0) this.#wantedSecond = element.currentTime;
    this.#reload(url, this.#wantedSecond);
  }

  /** Requests the same file again: one cannot jump in it while it is made, and can when it is complete. */
  reopen() {
    this.#reload(this.#element.getAttribute('src'), this.#remembered ?? this.#element.currentTime);
  }

  /** Where one cannot jump, the second is remembered for the next file, or for this one when it is opened again. */
  jumpTo(second) {
    this.#wantedSecond = second;
    if (this.seekableEnd === 0) this.#remembered = second;
    this.#element.currentTime = second;
  }

  /** The second of a jump that could not be made yet. */
  get remembered() {
    return this.#remembered;
  }

  get duration() {
    return Number.isFinite(this.#element.duration) ? this.#element.duration : 0;
  }

  get position() {
    return this.#element.currentTime;
  }

  /** 0: nobody can jump in it. A stream without a length claims to have no end. */
  get seekableEnd() {
    const { seekable } = this.#element;
    const end = seekable.length === 0 ? 0 : seekable.end(seekable.length - 1);
    return Number.isFinite(end) ? end : 0;
  }

  /** Why it does not play; `undefined`: it does. */
  get error() {
    return this.#element.error ?? undefined;
  }

  on(events, listener) {
    for (const event of events) this.#element.addEventListener(event, listener);
  }

  #reload(url, second) {
    const element = this.#element;
    const wasPlaying = !element.paused;
    element.src = url;
    const goBack = () => {
      if (element.currentTime === 0 && second > 0) element.currentTime = second; // not if somebody has jumped meanwhile
    };
    element.addEventListener('loadedmetadata', goBack, { once: true });
    if (wasPlaying) element.play().catch(() => {}); // loading something else ends the promise, and that is no failure
  }
}
