// The part of the page in which one downloads a file that changes.
import { Download } from './download.js';
import { urlOf } from './exchanges.js';
import { find } from './find.js';

const PATH = '/diary.txt';
/** Six seconds for all of it: time enough to press pause. */
const RATE = 400_000;
const LABELS = { idle: 'Download the diary', running: 'Pause', paused: 'Resume' };

export function showDiary() {
  const download = new Download(urlOf(PATH, RATE), show);
  const button = find('#transfer');
  find('#diary-map').path = PATH;
  button.addEventListener('click', () => (button.dataset.state === 'running' ? download.pause() : download.run()));
  find('#change').addEventListener('click', change);
}

function show({ state, note, received, size, file }) {
  if (state !== undefined) Object.assign(find('#transfer'), { textContent: LABELS[state] }).dataset.state = state;
  if (note !== undefined) find('#diary-note').textContent = note;
  if (size !== undefined) find('#diary-progress').max = size;
  if (received !== undefined) showReceived(find('#diary-progress'), received);
  if (file !== undefined) offer(find('#diary-file'), file);
}

function showReceived(progress, received) {
  progress.value = received;
  find('#diary-octets').textContent = `${received.toLocaleString('en')} of ${progress.max.toLocaleString('en')} octets`;
}

function offer(link, file) {
  URL.revokeObjectURL(link.href);
  Object.assign(link, { href: URL.createObjectURL(file), hidden: false });
}

async function change() {
  const { version } = await (await fetch(PATH, { method: 'POST' })).json();
  find('#diary-note').textContent = `Version ${version} lies on the server now.`;
}
