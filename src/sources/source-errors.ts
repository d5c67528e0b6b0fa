/**
 * The `code` of an error: of ours, and of those of Node.js. Asked for in place of the class, which is another one in
 * another realm (Jest's) or copy of the package.
 */
export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code;
}

/** What went wrong with a source; `code` tells the kinds apart across realms and copies of the package. */
export class SourceError extends Error {
  constructor(
    message: string,
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** There is nothing to serve under this name, or nothing that this client may know of: 404. */
export class SourceNotFoundError extends SourceError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'SOURCE_NOT_FOUND', options);
  }
}

/** The representation is no longer the one that was resolved. Before the head it is resolved again, once. */
export class SourceChangedError extends SourceError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'SOURCE_CHANGED', options);
  }
}

/** The source cannot answer now: 503. */
export class SourceUnavailableError extends SourceError {
  /** When it may be worth another try, in whole seconds from now: the response's Retry-After; `undefined`: none. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options?: ErrorOptions & { readonly retryAfterSeconds?: number | undefined }) {
    super(message, 'SOURCE_UNAVAILABLE', options);
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}

/** The source did not answer in time: 504. */
export class SourceTimeoutError extends SourceError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'SOURCE_TIMEOUT', options);
  }
}

/** The source answered something other than what it was asked for: 502. */
export class SourceProtocolError extends SourceError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'SOURCE_PROTOCOL', options);
  }
}

/** The source gave fewer or more octets than it had promised. */
export class SourceLengthError extends SourceError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'SOURCE_LENGTH', options);
  }
}
