// <making-progress>: how much of a file the server has made, as long as it makes it.
import { watchMaking } from './exchanges.js';
import { count } from '../in-words.js';

class MakingProgress extends HTMLElement {
  #path = '';
  #bar = document.createElement('progress');
  #words = document.createElement('p');

  connectedCallback() {
    this.#bar.setAttribute('aria-label', 'Part of the file that is made');
    this.#words.className = 'hint';
    this.append(this.#bar, this.#words);
    watchMaking((making) => making.path === this.#path && this.#show(making));
  }

  /** Of the file, on this server. */
  set path(path) {
    if (this.#path !== path) this.hidden = true;
    this.#path = path;
  }

  #show({ made, total }) {
    const isComplete = made === total;
    this.hidden = isComplete;
    this.#bar.value = made / total;
    const numbers = `${count(made)} of ${count(total)} bytes`;
    this.#words.textContent = `The server is making this file: ${numbers} (${Math.floor((100 * made) / total)} %).`;
  }
}

customElements.define('making-progress', MakingProgress);
