// The part of the page in which one reads.
import { Book } from './book.js';
import { urlOf } from './exchanges.js';
import { find, findAll } from './find.js';

const FIRST_PAGE = 300;

export class BookCard {
  #book = new Book(find('#book'), show);

  constructor() {
    const wanted = find('#page');
    find('#turn').addEventListener('submit', (event) => event.preventDefault());
    wanted.addEventListener('change', () => this.#try(() => this.#book.turnTo(wanted.valueAsNumber)));
    for (const button of findAll('[data-turn]')) {
      const step = Number(button.dataset.turn);
      button.addEventListener('click', () => this.#try(() => this.#book.turnTo(wanted.valueAsNumber + step)));
    }
  }

  /** Opens another copy of the book at the page that is shown. */
  async open(path, rate) {
    if (find('#book-map').path === path) return;
    find('#book-map').path = path;
    find('#book-link').href = path;
    find('#book-loaded').textContent = 'Opening…';
    await this.#try(() => this.#book.open(urlOf(path, rate), find('#page').valueAsNumber || FIRST_PAGE));
  }

  async #try(act) {
    try {
      await act();
    } catch (error) {
      if (error.name !== 'RenderingCancelledException') find('#book-loaded').textContent = `Failed: ${error.message}`;
    }
  }
}

function show({ page, pages, loaded, size }) {
  if (pages !== undefined) {
    find('#page').max = pages;
    find('#pages').textContent = `of ${pages}`;
  }
  if (page !== undefined) {
    find('#page').value = page;
    find('#book').setAttribute('aria-label', `Page ${page}`);
  }
  if (loaded === undefined) return;
  const percent = ((100 * loaded) / size).toFixed(1);
  find('#book-progress').value = loaded / size;
  find('#book-loaded').textContent =
    `${loaded.toLocaleString('en')} of ${size.toLocaleString('en')} octets loaded: ${percent} %`;
}
