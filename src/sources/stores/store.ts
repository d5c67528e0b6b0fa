import type { Readable } from 'node:stream';
import type { ByteRange } from '../../http/ranges/byte-range.js';
import type { RepresentationMetadata } from '../../http/representation.js';
import type { Representation } from '../source.js';
import type { Refusal } from './store-errors.js';

/** Metadata of an object in a store. Its entity tag is the store's own. */
export interface ObjectMetadata extends RepresentationMetadata {
  /** Complete length in bytes. */
  readonly size: number;
}

/** The same as the store says it, of which not everything need be valid. */
export interface StoredMetadata extends Pick<RepresentationMetadata, 'etag' | 'lastModified'> {
  /** `undefined`: the store did not say it. */
  readonly size: number | undefined;
  readonly type?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The operations that differ between stores: looking an object up, and reading a range of one version. */
export interface Store {
  /** Names the object, for messages in the log. */
  readonly name: string;
  /** `undefined`: the object cannot be identified, so its metadata is not remembered. */
  readonly remembered: RememberedUnder | undefined;
  /** Requests the current metadata; or returns a whole representation if the store does not support ranges. */
  look(signal: AbortSignal): Promise<StoredMetadata | Representation>;
  /** Requests a range of the version that `known` describes, and resolves when the head of the response has arrived. */
  read(range: ByteRange, known: ObjectMetadata, signal: AbortSignal): Promise<StoreAnswer>;
  /** The store's error response behind an error that its client threw; `undefined`: there was none. */
  refusalOf(error: unknown): Refusal | undefined;
  /** What the app may lack if the store refuses access, for the log. */
  readonly permissions?: string;
}

/** A store's response to a request for a range. Properties that the store does not provide are `undefined`. */
export interface StoreAnswer {
  /** The receiver destroys it in any case. */
  readonly body: Readable;
  /** Entity tag of the version that is sent. */
  readonly etag?: string | undefined;
  readonly lastModified?: Date | undefined;
  /** The Content-Range header. */
  readonly contentRange?: string | undefined;
  /** Length of the body, in bytes. */
  readonly contentLength?: number | undefined;
}

/** The cache key of an object's metadata. */
export interface RememberedUnder {
  /** The client of the store: metadata is dropped with it. */
  readonly owner: object;
  readonly key: string;
}
