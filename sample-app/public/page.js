import { BookCard } from './book-card.js';
import './byte-map.js';
import { completeCommands } from './commands.js';
import { showDiary } from './diary-card.js';
import { exchangesOf, listen, urlOf, watchExchanges } from './exchanges.js';
import { find, findAll } from './find.js';
import { Player } from './player.js';
import { showRequests } from './request-log.js';
import { Waveform } from './waveform.js';

const [clip, tone] = [new Player(find('#clip')), new Player(find('#tone'))];
const waveform = new Waveform(find('#waveform'), find('#tone'), find('#moment'));
const book = new BookCard();

showDiary();
showRequests(find('#log'), find('#entry'), find('#forget'));
completeCommands(find('.commands'));
clip.tellPosition((position) => (find('#position').textContent = position));
find('#download-map').path = '/download/clip.mp4';

for (const choice of findAll('[name=source], [name=rate], [name=route], [name=clip]')) {
  choice.addEventListener('change', choose);
}
for (const button of findAll('[data-second]')) {
  button.addEventListener('click', () => clip.jumpTo(Number(button.dataset.second)));
}
find('[data-fraction]').addEventListener('click', ({ target }) => {
  clip.jumpTo(Number(target.dataset.fraction) * clip.duration);
});
watchExchanges(seekInWhatIsMade);

await listen();
choose();
await offerSources();

/** Lets everything come from where the switches say. */
function choose() {
  const [source, rate] = [chosen('source'), chosen('rate')];
  const sound = source === 'generated' ? '/generated/melody.wav' : `/${source}/tone.mp3`;
  show(clip, '#clip-map', `/${chosen('route') === 'plain' ? 'plain' : source}/${chosen('clip')}`, rate);
  show(tone, '#tone-map', sound, rate);
  // A drawing needs all of the sound; fetched apart, it does not cover on the map what the player asks for.
  void waveform.load(urlOf(source === 'generated' ? sound : '/download/tone.mp3'));
  void book.open(`/${source}/book.pdf`, rate);
}

function show(player, map, path, rate) {
  find(map).path = path;
  player.load(urlOf(path, rate));
}

/**
 * While something is made it is sent without a length (200), and nobody can seek in it; when it is complete, it is as any
 * other file. Chrome gives up a request whose film nobody plays after fifteen seconds: then it is time to look, too.
 */
function seekInWhatIsMade(exchange) {
  if (exchange?.status !== 200 || (exchange.outcome !== 'complete' && exchange.outcome !== 'aborted')) return;
  const { path } = exchange;
  if (!path.startsWith('/generated/') || exchangesOf(path).some(({ outcome }) => outcome === undefined)) return;
  if (find('#clip-map').path === path && clip.seekableEnd === 0) clip.reopen();
  if (find('#tone-map').path === path && tone.seekableEnd === 0) tone.reopen();
}

async function offerSources() {
  const available = await (await fetch('/sources')).json();
  for (const source of findAll('[name=source]')) {
    source.disabled = !available.includes(source.value);
    if (!source.disabled) source.parentElement.removeAttribute('title');
  }
}

function chosen(name) {
  return find(`[name=${name}]:checked`).value;
}
