import type { Readable } from 'node:stream';
import type { ByteRange } from '../http/byte-range.js';
import type { RepresentationMetadata } from '../http/representation.js';
import type { Representation } from './source.js';

/** What is known of an object in a store. Its entity tag is the one by which the store itself knows the version. */
export interface ObjectMetadata extends RepresentationMetadata {
  /** Complete length in octets. */
  readonly size: number;
}

/** What tells one store from another: how an object is looked up, and how a range of one version of it is asked for. */
export interface Store {
  /** Names the object, for messages in the log. */
  readonly name: string;
  readonly remembered: RememberedUnder;
  /** Asks for the current metadata; or gives a whole representation, where the store can do nothing with ranges. */
  look(signal: AbortSignal): Promise<ObjectMetadata | Representation>;
  /** Asks for a range of the version that `known` describes, and resolves when the head of the answer is there. */
  read(range: ByteRange, known: ObjectMetadata, signal: AbortSignal): Promise<StoreAnswer>;
}

/** The head of a store's answer to a request for a range, and its body. What the store does not say is `undefined`. */
export interface StoreAnswer {
  /** Destroyed in any case by whoever gets the answer. */
  readonly body: Readable;
  /** Of the version that is sent. */
  readonly etag?: string | undefined;
  readonly lastModified?: Date | undefined;
  /** The Content-Range field. */
  readonly contentRange?: string | undefined;
  /** Of the body, in octets. */
  readonly contentLength?: number | undefined;
}

/** Under what an object's metadata is kept: whoever has access to the store, and the object's name for them. */
export interface RememberedUnder {
  /** Something that lives as long as the access does: a client of the store. What is kept for it goes with it. */
  readonly owner: object;
  readonly key: string;
}
