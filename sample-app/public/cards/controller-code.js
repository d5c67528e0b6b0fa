// <controller-code path start>: the method of the app's code that begins with these characters, as it is on the server.
import { statusInWords } from '../in-words.js';

class ControllerCode extends HTMLElement {
  static observedAttributes = ['path', 'start'];

  #details = document.createElement('details');
  #summary = document.createElement('summary');
  #code = document.createElement('code');
  #link = document.createElement('a');

  connectedCallback() {
    const pre = document.createElement('pre');
    pre.tabIndex = 0; // it scrolls
    pre.append(this.#code);
    this.#details.append(this.#summary, pre, this.#link);
    this.#details.addEventListener('toggle', () => void this.#load());
    this.append(this.#details);
  }

  attributeChangedCallback() {
    const name = this.path.split('/').at(-1);
    this.#summary.textContent = `The code: ${name}`;
    this.#link.textContent = `All of ${name}`;
    this.#link.href = this.#url;
    void this.#load();
  }

  get path() {
    return this.getAttribute('path');
  }

  get #url() {
    return `/repository/${this.path}`;
  }

  async #load() {
    if (!this.#details.open) return;
    const response = await fetch(this.#url);
    this.#code.textContent = response.ok
      ? methodIn(await response.text(), this.getAttribute('start') ?? '')
      : statusInWords(response.status);
  }
}

/** From the line that begins so to the bracket that ends the method; without the indentation. */
function methodIn(text, start) {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.trimStart().startsWith(start));
  const indentation = lines[first].length - lines[first].trimStart().length;
  const last = lines.indexOf(`${' '.repeat(indentation)}}`, first);
  return lines
    .slice(first, last + 1)
    .map((line) => line.slice(indentation))
    .join('\n');
}

customElements.define('controller-code', ControllerCode);
