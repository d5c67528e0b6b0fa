// Says so when the server has stopped, and when it is back.
import { forgetExchanges, watchConnection } from './exchanges.js';

/** @param resume called when a server answers again: it is another one, which counts its exchanges from the start */
export function watchServer(alert, resume) {
  let wasConnected = true;
  watchConnection((isConnected) => {
    if (isConnected === wasConnected) return;
    wasConnected = isConnected;
    alert.textContent = isConnected
      ? ''
      : 'The server has stopped. Start it again with “npm start”: this page goes on by itself.';
    if (!isConnected) return;
    forgetExchanges();
    resume();
  });
}
