// <request-list>: the requests for a file as the server saw them, the latest first, and those for the files before it.
import { watchExchanges } from './exchanges.js';
import { count } from '../in-words.js';

const MOST_ENTRIES = 100;
const OUTCOMES = { complete: 'complete', aborted: 'stopped by the client', failed: 'failed' };

class RequestList extends HTMLElement {
  #groups = new Map();

  connectedCallback() {
    watchExchanges((exchange) => {
      if (exchange === undefined) for (const group of this.#groups.values()) group.clear();
      else this.#groups.get(exchange.path)?.show(exchange);
    });
  }

  /** Of the file, on this server. */
  set path(path) {
    if (!this.#groups.has(path)) this.#groups.set(path, new Group(path));
    for (const group of this.#groups.values()) group.element.open = false;
    const { element } = this.#groups.get(path);
    element.open = true;
    this.prepend(element);
  }
}

/** The requests for one path. */
class Group {
  element = document.createElement('details');
  #path;
  #summary = document.createElement('summary');
  #list = document.createElement('ol');
  #entries = new Map();

  constructor(path) {
    this.#path = path;
    this.#list.tabIndex = 0; // it scrolls
    this.#list.setAttribute('aria-label', `Requests for ${path}, the latest first`);
    this.element.append(this.#summary, this.#list);
    this.clear();
  }

  show(exchange) {
    if (!this.#entries.has(exchange.id)) {
      const entry = document.querySelector('#request').content.firstElementChild.cloneNode(true);
      this.#entries.set(exchange.id, entry);
      this.#list.prepend(entry);
      if (this.#list.children.length > MOST_ENTRIES) this.#list.lastElementChild.remove();
      this.#count();
    }
    fill(this.#entries.get(exchange.id), exchange);
  }

  clear() {
    this.#entries.clear();
    this.#list.replaceChildren();
    this.#count();
  }

  #count() {
    const { size } = this.#entries;
    this.#summary.textContent = `${size === 0 ? 'No' : size} ${size === 1 ? 'request' : 'requests'} for ${this.#path}`;
    this.#list.hidden = size === 0;
  }
}

function fill(entry, { method, path, status, range, ifRange, contentRange, bytesSent, outcome, durationMs }) {
  Object.assign(entry.dataset, {
    method,
    path,
    range: range ?? '',
    outcome: outcome ?? 'running',
    isError: status >= 400,
  });
  put(entry, 'status', status ?? '…');
  put(entry, 'asked', `${method === 'GET' ? '' : `${method} `}${range ?? 'no Range: the whole file'}`);
  put(entry, 'outcome', OUTCOMES[outcome] ?? (status === undefined ? 'waiting' : 'sending'));
  put(entry, 'if-range', ifRange);
  put(entry, 'content-range', contentRange);
  put(entry, 'bytes', `${count(bytesSent)} bytes`);
  put(entry, 'duration', durationMs < 1000 ? `${durationMs} ms` : `${(durationMs / 1000).toFixed(1)} s`);
}

/** A header that is not there leaves no trace. */
function put(entry, part, text) {
  const element = entry.querySelector(`[data-part=${part}]`);
  element.textContent = text ?? '';
  (element.closest('[data-row]') ?? element).hidden = text === undefined;
}

customElements.define('request-list', RequestList);
