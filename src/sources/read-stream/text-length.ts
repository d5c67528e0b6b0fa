/**
 * The UTF-8 length of the text that a stream with this encoding yields for a number of bytes, in bytes; `null`: no encoding.
 * `undefined`: it depends on the content.
 */
export function textLength(encoding: string | null, bytes: number): number | undefined {
  switch (encoding?.toLowerCase() ?? null) {
    case null:
    case 'ascii': // drops the eighth bit
      return bytes;
    case 'hex':
      return 2 * bytes;
    case 'base64':
      return 4 * Math.ceil(bytes / 3);
    case 'base64url': // without padding
      return Math.ceil((4 * bytes) / 3);
    default:
      return undefined;
  }
}
