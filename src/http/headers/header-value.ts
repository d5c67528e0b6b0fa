/** The text from `start` to `end` without the optional white space (SP, HTAB) around it (RFC 9110 §5.6.3). */
export function trimOws(text: string, start = 0, end = text.length): string {
  while (start < end && isOws(text.charCodeAt(start))) start++;
  while (end > start && isOws(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Whether a character is SP or HTAB. */
export function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Whether a text is valid as a header value: visible ASCII, SP, HTAB and obs-text, and not empty (RFC 9110 §5.5). */
export function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]+$/.test(text);
}

/** Whether a text is a token, as header names are (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(text);
}
