/** Whether an entity tag is strong: it identifies exactly these bytes. */
export function isStrong(etag: string | undefined): etag is string {
  return etag !== undefined && !etag.startsWith('W/');
}
