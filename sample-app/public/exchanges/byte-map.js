// <byte-map>: a file as rows of squares, in which the bytes that were sent are painted.
import { coverageOf, extentOf, lengthOf, sizeOf } from './coverage.js';
import { exchangesOf, watchExchanges } from './exchanges.js';
import { count } from '../in-words.js';

const MOST_SQUARES = 512;
const SMALLEST_SQUARE = 16 * 1024;
/** From one square to the next, in CSS pixels. */
const PITCH = 14;
const GAP = 2;
/** What was sent is to be seen, however little it is. */
const LEAST_WIDTH = 2;

class ByteMap extends HTMLElement {
  #path = '';
  #canvas = document.createElement('canvas');
  #caption = document.createElement('p');
  #isStale = false;

  connectedCallback() {
    this.#canvas.setAttribute('role', 'img');
    this.append(this.#canvas, this.#caption);
    watchExchanges((exchange) => (exchange === undefined || exchange.path === this.#path) && this.#repaintSoon());
    new ResizeObserver(() => this.#repaintSoon()).observe(this);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#repaintSoon());
  }

  /** Of the file, on this server. */
  set path(path) {
    this.#path = path;
    this.#repaintSoon();
  }

  get path() {
    return this.#path;
  }

  #repaintSoon() {
    if (this.#isStale) return;
    this.#isStale = true;
    requestAnimationFrame(() => {
      this.#isStale = false;
      this.#repaint();
    });
  }

  #repaint() {
    const exchanges = exchangesOf(this.#path);
    const extent = sizeOf(exchanges) ?? extentOf(exchanges);
    const coverage = coverageOf(exchanges);
    const bytesPerSquare = squareFor(extent);
    this.#caption.textContent = describe(this.#path, sizeOf(exchanges), coverage, bytesPerSquare);
    this.#canvas.setAttribute('aria-label', `Byte map: ${this.#caption.textContent}`);
    this.#canvas.hidden = extent === 0;
    new Squares(this.#canvas, this.clientWidth, extent, bytesPerSquare).paint(coverage);
  }
}

/** Squares of which there are not too many; each a power of two in bytes. */
function squareFor(size) {
  let bytes = SMALLEST_SQUARE;
  while (size / bytes > MOST_SQUARES) bytes *= 2;
  return bytes;
}

function describe(path, size, { sent, awaited, stopped }, bytesPerSquare) {
  if (sent.length + awaited.length + stopped.length === 0) return path === '' ? '' : `${path}: not requested yet.`;
  const length = lengthOf(sent);
  const square = `A square is ${bytesPerSquare / 1024} KiB.`;
  if (size === undefined) return `${path}: ${count(length)} bytes sent; how many there are is not known yet. ${square}`;
  const again = lengthOf(sent.filter(({ times }) => times > 1));
  const parts = [`${path}: ${count(length)} of ${count(size)} bytes sent (${Math.floor((100 * length) / size)} %)`];
  if (again > 0) parts.push(`${count(again)} more than once`);
  if (awaited.length > 0) parts.push('more on its way');
  return `${parts.join(', ')}. ${square}`;
}

/** The rows of squares on a canvas. */
class Squares {
  #context;
  #colours;
  #columns;
  #size;
  #bytesPerSquare;

  constructor(canvas, width, size, bytesPerSquare) {
    this.#size = size;
    this.#bytesPerSquare = bytesPerSquare;
    this.#columns = Math.max(1, Math.floor((width + GAP) / PITCH));
    this.#colours = getComputedStyle(canvas);
    const rows = Math.max(1, Math.ceil(size / bytesPerSquare / this.#columns));
    const height = rows * PITCH - GAP;
    const scale = devicePixelRatio;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.height = `${height}px`;
    this.#context = canvas.getContext('2d');
    this.#context.scale(scale, scale);
  }

  paint({ sent, awaited, stopped }) {
    this.#fill('--unasked', [{ start: 0, end: this.#size }], 0);
    this.#fill('--stopped', stopped, 0);
    this.#fill('--awaited', awaited, 0);
    this.#fill('--sent', sent, LEAST_WIDTH);
    this.#fill(
      '--sent-again',
      sent.filter(({ times }) => times > 1),
      LEAST_WIDTH,
    );
  }

  #fill(colour, spans, leastWidth) {
    this.#context.fillStyle = this.#colours.getPropertyValue(colour);
    for (const { start, end } of spans) {
      for (let square = Math.floor(start / this.#bytesPerSquare); square * this.#bytesPerSquare < end; square++) {
        this.#fillWithin(square, start, end, leastWidth);
      }
    }
  }

  #fillWithin(square, start, end, leastWidth) {
    const side = PITCH - GAP;
    const first = square * this.#bytesPerSquare;
    const from = Math.floor(Math.max(0, (start - first) / this.#bytesPerSquare) * side);
    const to = Math.ceil(Math.min(1, (end - first) / this.#bytesPerSquare) * side);
    const width = Math.max(to - from, leastWidth);
    const x = (square % this.#columns) * PITCH + Math.min(from, side - width);
    const y = Math.floor(square / this.#columns) * PITCH;
    this.#context.fillRect(x, y, width, side);
  }
}

customElements.define('byte-map', ByteMap);
