// Changes the file on the server.
import { inWords, statusInWords } from '../in-words.js';

/** @param tell called with a sentence */
export function changesFile(button, path, tell) {
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return; // once at a time, and it keeps the focus
    button.setAttribute('aria-disabled', 'true');
    tell('The server is writing the next version…');
    try {
      tell(await change(path));
    } catch (error) {
      tell(inWords(error));
    }
    button.removeAttribute('aria-disabled');
  });
}

async function change(path) {
  const response = await fetch(path, { method: 'POST' });
  if (!response.ok) throw new Error(statusInWords(response.status));
  const { version } = await response.json();
  return `The file on the server is version ${version} now. Resume, and see.`;
}
