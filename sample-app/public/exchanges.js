// What goes on between this page and the server, as the server tells it: see src/watched-exchange.ts for the shape.

import { relay } from './relay.js';

/** Chrome on Android has no shared workers: there each page listens for itself. */
const isShared = 'SharedWorker' in globalThis;

/** The name that the pages of this browser have in common. */
const BROWSER = isShared ? rememberedName() : newName();

/** This page's own name. Whatever asks with it in its query, curl too, is told to this page and to no other. */
const PAGE = `${BROWSER}.${newName()}`;

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
  new BroadcastChannel(BROWSER).addEventListener('message', ({ data: { page, exchange } }) => {
    if (page === PAGE) take(exchange);
  });
  return isShared ? connectToWorker() : relay(BROWSER);
}

function take(exchange) {
  exchanges.set(exchange.id, exchange);
  for (const watcher of watchers) watcher(exchange);
}

function connectToWorker() {
  const worker = new SharedWorker('/page/relay-worker.js', { name: BROWSER, type: 'module' });
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

function newName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(6)), (octet) => octet.toString(36)).join('');
}
