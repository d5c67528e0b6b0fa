// A download that can be paused: it resumes with the bytes that are missing, or starts over if the file has changed.
import { count, inWords, statusInWords } from '../in-words.js';

export class Download {
  #url;
  #check;
  #tell;
  #transfer;
  #etag;
  #chunks = [];
  #received = 0;

  /**
   * @param url returns the address to request
   * @param check `(bytes, headers) => string`, what proves the whole file to be intact; throws if it is not
   * @param tell called with what there is to know: `{ state, note, received, size, bytesPerSecond, file }`, lengths in bytes
   */
  constructor(url, check, tell) {
    this.#url = url;
    this.#check = check;
    this.#tell = tell;
  }

  /** Starts, or resumes after a pause. */
  async run() {
    this.#tell({ state: 'running' });
    this.#transfer = new AbortController();
    const { signal } = this.#transfer;
    try {
      await this.#receive(signal);
    } catch (error) {
      const note = signal.aborted ? 'Paused.' : `Broken off. ${inWords(error)}`;
      this.#tell({ state: 'paused', note: `${note} ${count(this.#received)} bytes are kept.` });
    }
  }

  pause() {
    this.#transfer.abort();
  }

  async #receive(signal) {
    const startedAt = performance.now();
    const response = await fetch(this.#url(), { headers: this.#condition(), cache: 'no-store', signal });
    this.#take(response);
    const before = this.#received;
    const reader = response.body.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      this.#chunks.push(read.value);
      this.#received += read.value.length;
      const seconds = (performance.now() - startedAt) / 1000;
      this.#tell({ received: this.#received, bytesPerSecond: (this.#received - before) / seconds });
    }
    await this.#finish(response.headers);
  }

  /** The bytes that are missing, if the file is still the same. */
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
      this.#tell({ note: `206: the download resumes at byte ${count(this.#received)}.` });
      return;
    }
    if (status !== 200) throw new Error(statusInWords(status));
    const note = this.#whyWhole();
    this.#forget();
    this.#etag = headers.get('ETag');
    this.#tell({ note, received: 0, size: Number(headers.get('Content-Length')) });
  }

  #whyWhole() {
    if (this.#received === 0) return '200: the download starts at the first byte. Pause it.';
    if (this.#isResumable) return '200: the file has changed, so the download starts over.';
    return '200: the file was too new to be resumed, so the download starts over.';
  }

  async #finish(headers) {
    const file = new Blob(this.#chunks);
    this.#forget();
    try {
      const proof = this.#check(new Uint8Array(await file.arrayBuffer()), headers);
      this.#tell({ state: 'idle', note: `Complete and intact: ${proof}`, file });
    } catch (error) {
      this.#tell({ state: 'idle', note: `Spoilt. ${inWords(error)}` });
    }
  }

  #forget() {
    this.#chunks = [];
    this.#received = 0;
    this.#etag = undefined;
  }
}
