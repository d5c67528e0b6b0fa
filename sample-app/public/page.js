import { BookCard } from './cards/book-card.js';
import { changesFile } from './cards/change-button.js';
import { completeCommands } from './cards/commands.js';
import './cards/controller-code.js';
import { showDownload } from './cards/download-card.js';
import { MediaCard } from './cards/media-cards.js';
import './exchanges/byte-map.js';
import { watchServer } from './exchanges/connection.js';
import { forgetExchanges, listen, urlOf } from './exchanges/exchanges.js';
import './exchanges/making-progress.js';
import './exchanges/request-list.js';
import { find, findAll } from './find.js';
import { inWords } from './in-words.js';
import { checkArchive, checkDigest } from './files/checks.js';
import { Waveform } from './files/waveform.js';

/** Six seconds for all of the text: time enough to press pause. */
const TEXT_RATE = 400_000;
const TEXT = '/changing.txt';
const ARCHIVE = '/download/media.zip';
const CLIP = '/download/clip.mp4';

const SOURCES = {
  media: 'fileSource: a file is opened when its content is needed.',
  memory: 'bytesSource: the files are read once, and kept.',
  upstream: 'httpSource: only the requested part is fetched from the other server.',
  s3: 's3Source: only the requested part is fetched from the bucket.',
  generated: 'generatedSource: the server makes the files now, slowly. You can jump when they are complete.',
};

const [clip, tone] = [new MediaCard('clip'), new MediaCard('tone')];
const waveform = new Waveform(
  find('#waveform'),
  find('#tone'),
  find('#moment'),
  (second) => tone.player.jumpTo(second),
  (error) => (find('#tone-story').textContent = `There is no drawing of the sound. ${inWords(error)}`),
);
const book = new BookCard();
const text = showDownload(find('#text'), { path: TEXT, rate: () => TEXT_RATE, check: checkDigest });
showDownload(find('#zip'), { path: ARCHIVE, rate: () => chosen('zip-rate'), check: checkArchive });
changesFile(find('#change'), TEXT, text.note);
completeCommands(find('.commands'));
for (const teller of ['map', 'requests']) find(`#download-${teller}`).path = CLIP;

find('#forget').addEventListener('click', forgetExchanges);
for (const choice of findAll('[name=source], [name=rate], [name=route], [name=clip]')) {
  choice.addEventListener('change', choose);
}
for (const button of findAll('[data-second]')) {
  button.addEventListener('click', () => clip.player.jumpTo(Number(button.dataset.second)));
}
find('[data-fraction]').addEventListener('click', ({ target }) => {
  clip.player.jumpTo(Number(target.dataset.fraction) * clip.player.duration);
});
clip.player.on(
  ['loadedmetadata', 'durationchange', 'progress', 'timeupdate', 'seeking', 'seeked', 'emptied'],
  tellPosition,
);
tellPosition();

watchServer(find('#connection'), () => {
  for (const { player } of [clip, tone]) player.reopen();
  void openBook();
});
await listen();
choose();
await offerSources();

/** Lets everything come from where the switches say. */
function choose() {
  const [source, rate] = [chosen('source'), chosen('rate')];
  const isPlain = chosen('route') === 'plain';
  const clipPath = `/${isPlain ? 'plain' : source}/${chosen('clip')}`;
  const tonePath = source === 'generated' ? '/generated/melody.wav' : `/${source}/tone.mp3`;
  clip.show(clipPath, urlOf(clipPath, rate));
  tone.show(tonePath, urlOf(tonePath, rate));
  // A drawing needs all of the sound; fetched apart, it does not cover on the map what the player requests.
  void waveform.load(urlOf(source === 'generated' ? tonePath : '/download/tone.mp3'));
  if (find('#book-map').path !== `/${source}/book.pdf`) void openBook();
  find('#source-words').textContent = SOURCES[source];
  showCode(isPlain, source);
}

function openBook() {
  return book.open(`/${chosen('source')}/book.pdf`, chosen('rate'));
}

function showCode(isPlain, source) {
  const code = find('#clip-code');
  code.setAttribute('path', `sample-app/src/${isPlain ? 'plain.controller.ts' : 'media/media.controller.ts'}`);
  code.setAttribute('start', isPlain ? "@Get(':name')" : `@Get('${source}/:name')`);
}

/** The text is in the status for everybody; where the bar is dead, that is said beside it. */
function tellPosition() {
  const { position, seekableEnd } = clip.player;
  const range = seekableEnd === 0 ? 'you cannot jump' : `you can jump to ${seekableEnd.toFixed(1)} s`;
  find('#position').textContent = `At ${position.toFixed(1)} s, ${range}`;
}

async function offerSources() {
  const available = await (await fetch('/sources')).json();
  for (const source of findAll('[name=source]')) source.disabled = !available.includes(source.value);
  if (available.includes('s3')) return;
  find('[name=source][value=s3]').parentElement.append(hint('off: start with S3_BUCKET'));
}

function hint(words) {
  return Object.assign(document.createElement('small'), { textContent: ` ${words}`, className: 'hint' });
}

function chosen(name) {
  return find(`[name=${name}]:checked`).value;
}
