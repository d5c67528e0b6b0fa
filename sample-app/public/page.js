const clip = document.querySelector('#clip');
const position = document.querySelector('#position');
let wantedSecond = 0;

for (const route of document.querySelectorAll('input[name=route]')) {
  route.addEventListener('change', () => {
    clip.src = route.value;
    clip.addEventListener('loadedmetadata', () => jumpTo(wantedSecond), { once: true });
  });
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

function jumpTo(second) {
  wantedSecond = second;
  clip.currentTime = second;
}

function showPosition() {
  const { currentTime, seekable } = clip;
  const end = seekable.length === 0 ? 0 : seekable.end(seekable.length - 1);
  position.textContent = `at ${currentTime.toFixed(1)} s, seekable to ${end.toFixed(1)} s`;
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
