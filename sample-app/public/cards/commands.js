// Lines for a terminal, with this server's address, and this page's name: it sees what they do.
import { urlOf } from '../exchanges/exchanges.js';

/** Each `data-path` of a line becomes the URL of that path, and the line gets a button that copies it. */
export function completeCommands(list) {
  for (const code of list.querySelectorAll('code')) {
    code.textContent = code.textContent.replace(/\/\S+\.\w+/, (path) => `'${new URL(urlOf(path), location)}'`);
    if (navigator.clipboard) code.after(copyButton(code.textContent));
  }
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
