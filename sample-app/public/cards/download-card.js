// A part of the page in which one downloads a file, with a pause if one likes.
import { urlOf } from '../exchanges/exchanges.js';
import { find } from '../find.js';
import { count } from '../in-words.js';
import { Download } from '../files/download.js';

/**
 * Lets a card download a file.
 *
 * @param rate returns the limit, in bytes a second
 * @param check see `Download`
 * @returns `note(words)` says something where the card says what happened
 */
export function showDownload(card, options) {
  const shown = new DownloadCard(card, options);
  return { note: (words) => shown.note(words) };
}

class DownloadCard {
  #card;
  #labels;

  constructor(card, { path, rate, check }) {
    this.#card = card;
    const button = this.#part('transfer');
    this.#labels = { idle: button.textContent, running: 'Pause', paused: 'Resume' };
    find(`#${card.id}-map`).path = path;
    find(`#${card.id}-requests`).path = path;
    const download = new Download(
      () => urlOf(path, rate()),
      check,
      (news) => this.#show(news),
    );
    button.addEventListener('click', () => (button.dataset.state === 'running' ? download.pause() : download.run()));
  }

  note(words) {
    this.#part('note').textContent = words;
  }

  #show({ state, note, received, size, bytesPerSecond, file }) {
    if (state !== undefined)
      Object.assign(this.#part('transfer'), { textContent: this.#labels[state] }).dataset.state = state;
    if (note !== undefined) this.note(note);
    if (size !== undefined) this.#part('progress').max = size;
    if (received !== undefined) this.#showReceived(received, bytesPerSecond);
    if (file !== undefined) this.#offer(file);
  }

  #showReceived(received, bytesPerSecond) {
    const progress = this.#part('progress');
    progress.value = received;
    const pace = bytesPerSecond === undefined ? '' : `, ${(bytesPerSecond / 1e6).toFixed(1)} MB/s`;
    this.#part('bytes').textContent = `${count(received)} of ${count(progress.max)} bytes${pace}`;
  }

  #offer(file) {
    const link = this.#part('file');
    URL.revokeObjectURL(link.href);
    Object.assign(link, { href: URL.createObjectURL(file), hidden: false });
  }

  #part(name) {
    return this.#card.querySelector(`[data-part=${name}]`);
  }
}
