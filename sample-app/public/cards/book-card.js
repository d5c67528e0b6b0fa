// The part of the page in which one reads.
import { urlOf } from '../exchanges/exchanges.js';
import { find, findAll } from '../find.js';
import { count, inWords } from '../in-words.js';
import { Book } from '../files/book.js';

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
    for (const teller of ['map', 'requests', 'making']) find(`#book-${teller}`).path = path;
    find('#book-link').href = path;
    find('#book-loaded').textContent = path.startsWith('/generated/')
      ? 'A part of a file that is being made waits until it is complete.'
      : 'Opening…';
    await this.#try(() => this.#book.open(urlOf(path, rate), find('#page').valueAsNumber || FIRST_PAGE));
  }

  async #try(act) {
    try {
      await act();
    } catch (error) {
      if (error.name !== 'RenderingCancelledException') find('#book-loaded').textContent = inWords(error);
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
  find('#book-loaded').textContent =
    `The reader loaded ${count(loaded)} of ${count(size)} bytes, ${percent} %: the directory of the book, and what this page needs.`;
}
