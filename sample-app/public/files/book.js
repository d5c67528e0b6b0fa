// A book of which one page at a time is fetched: pdf.js says which bytes it needs, and nothing else is requested.
import { statusInWords } from '../in-words.js';
import { getDocument, GlobalWorkerOptions, PDFDataRangeTransport } from 'pdfjs-dist';

GlobalWorkerOptions.workerSrc = '/lib/pdfjs/pdf.worker.min.mjs';

const BYTES_AT_ONCE = 32 * 1024;

export class Book {
  #canvas;
  #tell;
  #document;
  #rendering;
  #opening = new AbortController();

  /** @param tell called with what there is to know: `{ page, pages, loaded, size }`, the last two in bytes */
  constructor(canvas, tell) {
    this.#canvas = canvas;
    this.#tell = tell;
  }

  /** Opens the book at a page, counted from 1; another that is being opened is left. */
  async open(url, page) {
    this.#opening.abort();
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    try {
      await this.#open(url, page, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #open(url, page, signal) {
    void this.#document?.destroy();
    const bytes = await Bytes.of(url, signal, this.#tell);
    this.#document = getDocument({
      range: bytes,
      rangeChunkSize: BYTES_AT_ONCE,
      disableAutoFetch: true,
      disableStream: true,
      useSystemFonts: false,
      standardFontDataUrl: '/lib/pdfjs-fonts/',
    });
    const { numPages } = await this.#document.promise;
    signal.throwIfAborted();
    this.#tell({ pages: numPages });
    await this.turnTo(page);
  }

  async turnTo(number) {
    const pdf = await this.#document.promise;
    const page = await pdf.getPage(Math.min(Math.max(1, number), pdf.numPages));
    await this.#draw(page);
    this.#tell({ page: page.pageNumber });
  }

  async #draw(page) {
    this.#rendering?.cancel();
    const natural = page.getViewport({ scale: 1 });
    const scale = (this.#canvas.clientWidth * devicePixelRatio) / natural.width;
    const viewport = page.getViewport({ scale });
    const rendering = page.render({ canvas: this.#canvas, viewport });
    Object.assign(this.#canvas, { width: Math.floor(viewport.width), height: Math.floor(viewport.height) });
    this.#rendering = rendering;
    const [{ items }] = await Promise.all([page.getTextContent(), rendering.promise]);
    this.#canvas.textContent = items.map(({ str }) => str).join(' '); // for those who cannot see it
  }
}

/** What pdf.js asks for, fetched range by range. */
class Bytes extends PDFDataRangeTransport {
  #url;
  #etag;
  #signal;
  #tell;
  #loaded;

  /** Asks for the first bytes, and learns by them how many there are. */
  static async of(url, signal, tell) {
    const { bytes, etag, size } = await fetchPart(url, 0, BYTES_AT_ONCE, signal);
    return new Bytes(url, bytes, etag, size, signal, tell);
  }

  constructor(url, bytes, etag, size, signal, tell) {
    super(size, bytes);
    this.#url = url;
    this.#etag = etag;
    this.#signal = signal;
    this.#tell = tell;
    this.#loaded = bytes.length;
    tell({ loaded: bytes.length, size });
  }

  /** As pdf.js calls it; `end` is exclusive. */
  async requestDataRange(begin, end) {
    try {
      const { bytes, etag } = await fetchPart(this.#url, begin, end, this.#signal);
      if (etag !== this.#etag) throw new Error('The book has changed. Open it again.');
      this.#loaded += bytes.length;
      this.#tell({ loaded: this.#loaded, size: this.length });
      this.onDataRange(begin, bytes);
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    }
  }
}

async function fetchPart(url, begin, end, signal) {
  const response = await fetch(url, { headers: { Range: `bytes=${begin}-${end - 1}` }, signal });
  if (response.status !== 206) throw new Error(statusInWords(response.status));
  return {
    bytes: new Uint8Array(await response.arrayBuffer()),
    etag: response.headers.get('ETag'),
    size: Number(response.headers.get('Content-Range').split('/')[1]),
  };
}
