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

/** An answer without content that says who sends the octets in our place: a proxy in front of the app, or another server. */
export interface Delegation {
  /**
   * 200: the proxy puts the file in the place of the answer. 307: the client asks elsewhere; 303 where its method is
   * neither GET nor HEAD, and the handler's own status where that is a redirection.
   *
   * @see RFC 9110 §15.4
   */
  readonly status: 200 | 307;
  /** Location, X-Accel-Redirect, X-Sendfile, … Beside a 307, Cache-Control is that of the redirection itself. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What a response is planned from. */
export interface DescribedRepresentation extends RepresentationMetadata {
  readonly delegated?: Delegation | undefined;
}
