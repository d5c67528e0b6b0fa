// A shared worker, named as its browser: however many pages are open, one event stream serves them all. A browser has six
// connections to a server of HTTP/1.1, and the films need them.
import { relay } from './relay.js';

const listening = relay(globalThis.name);

globalThis.addEventListener('connect', async ({ ports: [page] }) => {
  await listening;
  page.postMessage('listening');
});
