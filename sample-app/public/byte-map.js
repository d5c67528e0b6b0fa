// <byte-map>: a file as rows of squares, in which the octets that were sent are painted.
import { coverageOf, lengthOf, sizeOf } from './coverage.js';
import { exchangesOf, watchExchanges } from './exchanges.js';

const MOST_SQUARES = 512;
const SMALLEST_SQUARE = 16 * 1024;
/** From one square to the next, in CSS pixels. */
const PITCH = 14;
const GAP = 2;
/** What was asked for is to be seen, however little it is. */
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
    const size = sizeOf(exchanges);
    const coverage = coverageOf(exchanges);
    const octetsPerSquare = squareFor(size);
    this.#caption.textContent = describe(this.#path, size, coverage, octetsPerSquare);
    this.#canvas.setAttribute('aria-label', `Byte map: ${this.#caption.textContent}`);
    this.#canvas.hidden = size === 0;
    new Squares(this.#canvas, this.clientWidth, size, octetsPerSquare).paint(coverage);
  }
}

/** Squares of which there are not too many; each a power of two in octets. */
function squareFor(size) {
  let octets = SMALLEST_SQUARE;
  while (size / octets > MOST_SQUARES) octets *= 2;
  return octets;
}

function describe(path, size, { sent, awaited, givenUp }, octetsPerSquare) {
  if (size === 0) return `${path}: not asked for yet`;
  const parts = [`${path}: ${octets(lengthOf(sent))} of ${octets(size)} octets sent`];
  const again = lengthOf(sent.filter(({ times }) => times > 1));
  if (again > 0) parts.push(`${octets(again)} more than once`);
  if (awaited.length > 0) parts.push('more to come');
  if (givenUp.length > 0) parts.push('the rest was given up');
  return `${parts.join(', ')}. A square is ${octetsPerSquare / 1024} KiB.`;
}

function octets(count) {
  return count.toLocaleString('en');
}

/** The rows of squares on a canvas. */
class Squares {
  #context;
  #colours;
  #columns;
  #size;
  #octetsPerSquare;

  constructor(canvas, width, size, octetsPerSquare) {
    this.#size = size;
    this.#octetsPerSquare = octetsPerSquare;
    this.#columns = Math.max(1, Math.floor((width + GAP) / PITCH));
    this.#colours = getComputedStyle(canvas);
    const rows = Math.max(1, Math.ceil(size / octetsPerSquare / this.#columns));
    const height = rows * PITCH - GAP;
    const scale = devicePixelRatio;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.height = `${height}px`;
    this.#context = canvas.getContext('2d');
    this.#context.scale(scale, scale);
  }

  paint({ sent, awaited, givenUp }) {
    this.#fill('--unasked', [{ start: 0, end: this.#size }], 0);
    this.#fill('--given-up', givenUp, 0);
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
      for (let square = Math.floor(start / this.#octetsPerSquare); square * this.#octetsPerSquare < end; square++) {
        this.#fillWithin(square, start, end, leastWidth);
      }
    }
  }

  #fillWithin(square, start, end, leastWidth) {
    const side = PITCH - GAP;
    const first = square * this.#octetsPerSquare;
    const from = Math.floor(Math.max(0, (start - first) / this.#octetsPerSquare) * side);
    const to = Math.ceil(Math.min(1, (end - first) / this.#octetsPerSquare) * side);
    const width = Math.max(to - from, leastWidth);
    const x = (square % this.#columns) * PITCH + Math.min(from, side - width);
    const y = Math.floor(square / this.#columns) * PITCH;
    this.#context.fillRect(x, y, width, side);
  }
}

customElements.define('byte-map', ByteMap);
