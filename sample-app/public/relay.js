/**
 * Passes what the server tells the pages of a browser on to them: a BroadcastChannel of the browser's name carries
 * `{ page, exchange }`. Resolves when nothing would be missed any more; also where the server cannot be heard.
 */
export function relay(browser) {
  const events = new EventSource(`/traffic/${browser}`);
  const pages = new BroadcastChannel(browser);
  events.addEventListener('message', ({ data }) => pages.postMessage(JSON.parse(data)));
  return new Promise((resolve) => {
    for (const event of ['listening', 'error']) events.addEventListener(event, resolve, { once: true });
  });
}
