const clip = document.querySelector('#clip');
const tone = document.querySelector('#tone');
const book = document.querySelector('#book');
const position = document.querySelector('#position');
let wantedSecond = 0;

for (const choice of document.querySelectorAll('input[name=source], input[name=route]')) {
  choice.addEventListener('change', choose);
}

for (const button of document.querySelectorAll('button[data-second]')) {
  button.addEventListener('click', () => jumpTo(Number(button.dataset.second)));
}

for (const event of ['loadedmetadata', 'durationchange', 'progress', 'timeupdate', 'seeking', 'seeked', 'emptied']) {
  clip.addEventListener(event, showPosition);
}

for (const code of document.querySelectorAll('.commands code')) {
  code.textContent = code.textContent.replace('http://localhost:3000', location.origin);
  if (navigator.clipboard) code.after(copyButton(code.textContent));
}

showPosition();

const available = await (await fetch('/sources')).json();
for (const source of document.querySelectorAll('input[name=source]')) {
  source.disabled = !available.includes(source.value);
  if (!source.disabled) source.parentElement.removeAttribute('title');
}

function choose() {
  const source = chosen('source');
  if (seekableEnd() > 0) wantedSecond = clip.currentTime;
  load(clip, `/${chosen('route') === 'plain' ? 'plain' : source}/clip.mp4`, wantedSecond);
  load(tone, `/${source}/tone.mp3`, tone.currentTime);
  book.href = `/${source}/book.pdf`;
}

function chosen(name) {
  return document.querySelector(`input[name=${name}]:checked`).value;
}

function load(element, path, second) {
  if (new URL(element.src).pathname === path) return;
  element.src = path;
  element.addEventListener('loadedmetadata', () => (element.currentTime = second), { once: true });
}

function jumpTo(second) {
  wantedSecond = second;
  clip.currentTime = second;
}

function seekableEnd() {
  const { seekable } = clip;
  return seekable.length === 0 ? 0 : seekable.end(seekable.length - 1);
}

function showPosition() {
  position.textContent = `at ${clip.currentTime.toFixed(1)} s, seekable to ${seekableEnd().toFixed(1)} s`;
}

function copyButton(command) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', `Copy: ${command}`);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(command);
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), 1500);
  });
  return button;
}
