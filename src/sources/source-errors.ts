import { propertyOf } from './call-quietly.js';

/**
 * The `code` of an error of this package or of Node.js. Compared instead of the class, which differs between realms (Jest)
 * and copies of the package.
 */
export function codeOf(error: unknown): unknown {
  return propertyOf(error, 'code');
}

/** Like `ErrorOptions`, which TypeScript's library declares only since ES2022. */
export interface SourceErrorOptions {
  readonly cause?: unknown;
}

/** An error of a source; `code` identifies its kind across realms and copies of the package. */
export class SourceError extends Error {
  constructor(
    message: string,
    readonly code: string,
    options?: SourceErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The object does not exist, or this client must not know that it does: 404. */
export class SourceNotFoundError extends SourceError {
  /**
   * `true`: the store denied us access, possibly because of a mistake in the configuration. The client receives the same
   * 404, and a warning is logged, at most once a minute for each route.
   */
  readonly isForbidden: boolean;

  constructor(message: string, options?: SourceErrorOptions & { readonly isForbidden?: boolean | undefined }) {
    super(message, 'SOURCE_NOT_FOUND', options);
    this.isForbidden = options?.isForbidden ?? false;
  }
}

/** Whether the source was denied access, which the client sees as 404. */
export function isForbidden(error: unknown): boolean {
  return propertyOf(error, 'isForbidden') === true;
}

/** The root directory is unusable, so every name below it is a 404. */
export class UnusableRootError extends SourceNotFoundError {
  /** @param unusableRoot absolute path of the root */
  constructor(
    readonly unusableRoot: string,
    fault: string,
  ) {
    super(`the root ${unusableRoot} ${fault}`);
  }
}

/** The absolute path of the root from an UnusableRootError; `undefined` for other errors. */
export function unusableRootOf(error: unknown): string | undefined {
  const root = (error as { unusableRoot?: unknown } | null | undefined)?.unusableRoot;
  return typeof root === 'string' ? root : undefined;
}

/** A name is rejected because of its form, whether or not a file exists there: 404. */
export class NameRefusedError extends SourceNotFoundError {
  /** Distinguishes it from a missing file, across realms and copies of the package. */
  readonly isRefusedName = true;

  /** @param reason a clause such as "it is empty" */
  constructor(name: string, root: string, reason: string) {
    super(`the name ${JSON.stringify(name)} is refused below ${root}: ${reason}`);
  }
}

export function isRefusedName(error: unknown): boolean {
  return propertyOf(error, 'isRefusedName') === true;
}

/** The representation has changed since it was resolved. Before the head is sent, it is resolved again, once. */
export class SourceChangedError extends SourceError {
  constructor(message: string, options?: SourceErrorOptions) {
    super(message, 'SOURCE_CHANGED', options);
  }
}

/** The source is temporarily unavailable: 503. */
export class SourceUnavailableError extends SourceError {
  /** Retry-After of the response, in whole seconds; `undefined`: none. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options?: SourceErrorOptions & { readonly retryAfterSeconds?: number | undefined }) {
    super(message, 'SOURCE_UNAVAILABLE', options);
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}

/** The source did not respond in time: 504. */
export class SourceTimeoutError extends SourceError {
  constructor(message: string, options?: SourceErrorOptions) {
    super(message, 'SOURCE_TIMEOUT', options);
  }
}

/** The source responded with something other than what was requested: 502. */
export class SourceProtocolError extends SourceError {
  constructor(message: string, options?: SourceErrorOptions) {
    super(message, 'SOURCE_PROTOCOL', options);
  }
}

/** The source sent fewer or more bytes than its metadata says. */
export class SourceLengthError extends SourceError {
  constructor(message: string, options?: SourceErrorOptions) {
    super(message, 'SOURCE_LENGTH', options);
  }
}

/**
 * The source failed for a permanent reason, such as a mistake in its configuration: 500. It is logged once, with its
 * cause.
 */
export class SourceFailedError extends SourceError {
  /** The status that the server responded with; `undefined`: there was no response. */
  readonly status: number | undefined;

  constructor(message: string, options?: SourceErrorOptions & { readonly status?: number | undefined }) {
    super(message, 'SOURCE_FAILED', options);
    this.status = options?.status;
    const where = framesOf(options?.cause);
    if (where !== '') this.stack = `${this.name}: ${message}\n${where}`; // where the fault occurred, not where it was recognised
  }
}

function framesOf(error: unknown): string {
  const stack = propertyOf(error, 'stack');
  const lines = typeof stack === 'string' ? stack.split('\n') : [];
  return lines.filter((line) => line.startsWith('    at ')).join('\n');
}

/** A source or file is faulty in a way that the app's developer has to fix. */
export class SourceFaultError extends TypeError {
  readonly code = 'SOURCE_FAULT';
}
