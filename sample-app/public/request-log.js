// The requests of this page as the server saw them, the latest on top.
import { forgetExchanges, watchExchanges } from './exchanges.js';

const MOST_ENTRIES = 200;

/** @param template of an entry, @param clearing the button that empties the list and the maps */
export function showRequests(list, template, clearing) {
  clearing.addEventListener('click', forgetExchanges);
  const entries = new Map();
  watchExchanges((exchange) => {
    if (exchange === undefined) {
      entries.clear();
      return list.replaceChildren();
    }
    if (!entries.has(exchange.id)) {
      const entry = template.content.firstElementChild.cloneNode(true);
      entries.set(exchange.id, entry);
      list.prepend(entry);
      if (list.children.length > MOST_ENTRIES) list.lastElementChild.remove();
    }
    fill(entries.get(exchange.id), exchange);
  });
}

function fill(entry, exchange) {
  const { method, path, status, range, ifRange, contentRange, octetsSent, outcome, durationMs } = exchange;
  entry.dataset.outcome = outcome ?? 'running';
  put(entry, 'status', status ?? '…');
  put(entry, 'target', `${method} ${path}`);
  put(entry, 'octets', `${octetsSent.toLocaleString('en')} octets`);
  put(entry, 'outcome', outcome ?? (status === undefined ? 'waiting' : 'running'));
  put(entry, 'duration', `${durationMs.toLocaleString('en')} ms`);
  put(entry, 'range', range);
  put(entry, 'if-range', ifRange);
  put(entry, 'content-range', contentRange);
}

/** A field that is not there leaves no trace. */
function put(entry, part, text) {
  const element = entry.querySelector(`[data-part=${part}]`);
  element.textContent = text ?? '';
  (element.closest('[data-row]') ?? element).hidden = text === undefined;
}
