/** What is known of a representation before any of its octets is read. */
export interface RepresentationMetadata {
  /** Complete length in octets; `undefined`: unknown, so that ranges are not offered. */
  readonly size?: number | undefined;
  /** Media type for Content-Type. */
  readonly type?: string | undefined;
  /** Entity tag with its quotes: `"strong"` or `W/"weak"`. */
  readonly etag?: string | undefined;
  readonly lastModified?: Date | undefined;
  /**
   * Further fields of the representation: Cache-Control, Vary, Content-Encoding, … Those that frame a message or have a
   * place of their own here (Content-Length, Content-Range, ETag, Last-Modified, …) are passed over.
   */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  /** Its octets can be read only once and in ascending order; a request that asks for another order gets all of it. */
  readonly forwardOnly?: boolean | undefined;
}
