// A download that can be paused: it goes on with the octets that are missing, or from the start where the file is another.
import { sha256 } from '@noble/hashes/sha2.js';

export class Download {
  #url;
  #tell;
  #transfer;
  #etag;
  #chunks = [];
  #received = 0;
  #hash = sha256.create();

  /** @param tell called with what there is to know: `{ state, note, received, size, file }`, lengths in octets */
  constructor(url, tell) {
    this.#url = url;
    this.#tell = tell;
  }

  /** Starts, or goes on after a pause. */
  async run() {
    this.#tell({ state: 'running' });
    this.#transfer = new AbortController();
    const { signal } = this.#transfer;
    try {
      await this.#receive(signal);
    } catch (error) {
      const note = signal.aborted ? 'Paused.' : `Broken off: ${error.message}.`;
      this.#tell({ state: 'paused', note: `${note} ${count(this.#received)} octets are kept.` });
    }
  }

  pause() {
    this.#transfer.abort();
  }

  async #receive(signal) {
    const response = await fetch(this.#url, { headers: this.#condition(), cache: 'no-store', signal });
    this.#take(response);
    const reader = response.body.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      this.#chunks.push(read.value);
      this.#hash.update(read.value);
      this.#received += read.value.length;
      this.#tell({ received: this.#received });
    }
    this.#finish(response.headers.get('Repr-Digest'));
  }

  /** The octets that are missing, if the file is still the same. */
  #condition() {
    if (this.#received === 0 || !this.#isResumable) return {};
    return { Range: `bytes=${this.#received}-`, 'If-Range': this.#etag };
  }

  /** Only a strong tag can tell whether a file is the same, and one that was written just now has none: RFC 9110 §8.8.1. */
  get #isResumable() {
    return this.#etag?.startsWith('"') === true;
  }

  #take({ status, headers }) {
    if (status === 206) {
      this.#tell({ note: `206: goes on at octet ${count(this.#received)}.` });
      return;
    }
    if (status !== 200) throw new Error(`answered ${status}`);
    const note = this.#whyWhole();
    this.#forget();
    this.#etag = headers.get('ETag');
    this.#tell({ note, received: 0, size: Number(headers.get('Content-Length')) });
  }

  #whyWhole() {
    if (this.#received === 0) return '200: from the first octet.';
    if (this.#isResumable) return '200: the file has changed, so all of it comes anew.';
    return '200: the file was too new to be resumed, so all of it comes anew.';
  }

  #finish(expected) {
    const digest = `sha-256=:${btoa(String.fromCharCode(...this.#hash.digest()))}:`;
    const isSame = digest === expected;
    const file = isSame ? new Blob(this.#chunks) : undefined;
    this.#forget();
    const note = isSame
      ? `Complete. Its SHA-256 is what the server says: ${digest}`
      : `Spoilt: its SHA-256 is ${digest}, and the server says ${expected}`;
    this.#tell({ state: 'idle', note, file });
  }

  #forget() {
    this.#chunks = [];
    this.#received = 0;
    this.#hash = sha256.create();
    this.#etag = undefined;
  }
}

function count(octets) {
  return octets.toLocaleString('en');
}
