// What goes on between this page and the server, as the server tells it: see src/watched-exchange.ts for the shape.

/** This page's own name. Whatever asks with it in its query, curl too, is told to this page and to no other. */
const PAGE = Array.from(crypto.getRandomValues(new Uint8Array(6)), (octet) => octet.toString(36)).join('');

const exchanges = new Map();
const watchers = new Set();

/** Where to ask for a path, so that this page hears of it. @param rate octets a second; none: as fast as it goes */
export function urlOf(path, rate) {
  return `${path}?${new URLSearchParams({ page: PAGE, ...(rate && { rate }) })}`;
}

/** Calls back for each exchange, again whenever there is more to tell of it, and with nothing when all are forgotten. */
export function watchExchanges(watcher) {
  watchers.add(watcher);
}

export function exchangesOf(path) {
  return [...exchanges.values()].filter((exchange) => exchange.path === path);
}

/** Those under way will come again. */
export function forgetExchanges() {
  exchanges.clear();
  for (const watcher of watchers) watcher();
}

/** Resolves when no exchange would be missed any more; also where the server cannot be heard: the rest works all the same. */
export function listen() {
  const events = new EventSource(`/traffic/${PAGE}`);
  events.addEventListener('message', ({ data }) => {
    const exchange = JSON.parse(data);
    exchanges.set(exchange.id, exchange);
    for (const watcher of watchers) watcher(exchange);
  });
  return new Promise((resolve) => {
    for (const event of ['listening', 'error']) events.addEventListener(event, resolve, { once: true });
  });
}
