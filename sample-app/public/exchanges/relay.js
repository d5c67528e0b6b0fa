/**
 * Passes what the server tells the pages of a browser on to them: a BroadcastChannel of the browser's name carries
 * `{ page, exchange }`, `{ page, making }`, and `{ isConnected }`, which is for every page. Resolves when nothing would be
 * missed any more; also where the server cannot be heard.
 */
export function relay(browser) {
  const events = new EventSource(`/traffic/${browser}`);
  const pages = new BroadcastChannel(browser);
  events.addEventListener('message', ({ data }) => pages.postMessage(JSON.parse(data)));
  events.addEventListener('listening', () => pages.postMessage({ isConnected: true }));
  events.addEventListener('error', () => pages.postMessage({ isConnected: false }));
  return new Promise((resolve) => {
    for (const event of ['listening', 'error']) events.addEventListener(event, resolve, { once: true });
  });
}
