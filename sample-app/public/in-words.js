/** What went wrong, for somebody who reads the page. */
export function inWords(error) {
  if (error instanceof TypeError) return 'The server does not answer.'; // as fetch has it
  return /[.!?]$/.test(error.message) ? error.message : `${error.message}.`;
}

/** A status other than the one that was expected. */
export function statusInWords(status) {
  if (status === 404) return 'The server has no such file (404).';
  if (status >= 500) return `The server failed (${status}).`;
  return `The server answered ${status}.`;
}

export function count(number) {
  return number.toLocaleString('en');
}
