// What happens between this page and the server, as the server tells it: see src/traffic for the shapes.

import { relay } from './relay.js';

/** Chrome on Android has no shared workers: there each page listens for itself. */
const isShared = 'SharedWorker' in globalThis;

/** The name that the pages of this browser have in common. */
const BROWSER = isShared ? rememberedName() : newName();

/** This page's own name. A request with it in its query, one of curl too, is told to this page and to no other. */
const PAGE = `${BROWSER}.${newName()}`;

const exchanges = new Map();
const watchers = { exchange: new Set(), making: new Set(), isConnected: new Set() };

/** The address of a path by which this page hears of the request. @param rate bytes a second; none: unlimited */
export function urlOf(path, rate) {
  return `${path}?${new URLSearchParams({ page: PAGE, ...(rate && { rate }) })}`;
}

/** Calls back for each exchange, again whenever there is more to tell of it, and with nothing when all are forgotten. */
export function watchExchanges(watcher) {
  watchers.exchange.add(watcher);
}

/** Calls back with `{ path, made, total }`, in bytes, while the server makes a file for this page. */
export function watchMaking(watcher) {
  watchers.making.add(watcher);
}

/** Calls back with `false` when the server does not answer any more, and with `true` when it does. */
export function watchConnection(watcher) {
  watchers.isConnected.add(watcher);
}

/** From the first to the latest. */
export function exchangesOf(path) {
  return [...exchanges.values()].filter((exchange) => exchange.path === path);
}

/** Those under way will come again. */
export function forgetExchanges() {
  exchanges.clear();
  for (const watcher of watchers.exchange) watcher();
}

/** Resolves when no exchange would be missed any more; also where the server cannot be heard: the rest works all the same. */
export function listen() {
  new BroadcastChannel(BROWSER).addEventListener('message', ({ data }) => {
    if (data.page !== undefined && data.page !== PAGE) return;
    if (data.exchange !== undefined) exchanges.set(data.exchange.id, data.exchange);
    for (const [what, watching] of Object.entries(watchers)) {
      if (data[what] !== undefined) for (const watcher of watching) watcher(data[what]);
    }
  });
  return isShared ? connectToWorker() : relay(BROWSER);
}

function connectToWorker() {
  const worker = new SharedWorker('/exchanges/relay-worker.js', { name: BROWSER, type: 'module' });
  return new Promise((resolve) => {
    worker.addEventListener('error', resolve);
    worker.port.addEventListener('message', resolve);
    worker.port.start();
  });
}

/** Two pages that are opened at once may come by two names: then there are two workers, and both pages hear what they ask. */
function rememberedName() {
  localStorage.browser ??= newName();
  return localStorage.browser;
}

/** Short, since it is part of the lines for a terminal. */
function newName() {
  return crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
}
