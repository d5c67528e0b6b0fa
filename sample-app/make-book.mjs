// Writes book.pdf to standard output: "A Book of Ranges", a page for each cell of a number spiral.
// Every page tells at which byte of the file it begins, so that one can ask for exactly that page.
import { stdout } from 'node:process';

const SPIRAL_SIDE = 19;
const PAGES = SPIRAL_SIDE ** 2;
const PAGES_PER_CHAPTER = SPIRAL_SIDE;
const [CATALOG, PAGE_TREE, REGULAR, BOLD, MONO, FIRST_CHAPTER] = [1, 2, 3, 4, 5, 6];
const CHAPTERS = PAGES / PAGES_PER_CHAPTER;
const FIRST_PAGE = FIRST_CHAPTER + CHAPTERS;

const A5 = { width: 420, height: 595 };
const CELL = 17;
const MIDDLE = { x: A5.width / 2, y: 236 };
const INK = '0.09 0.11 0.16 rg';
const COMPOSITE = '0.90 0.91 0.94 rg';
const PRIME = '0.23 0.35 0.60 rg';
const HERE = '0.88 0.14 0.31 rg';

function book() {
  const file = new PdfFile();
  file.add(CATALOG, `<< /Type /Catalog /Pages ${PAGE_TREE} 0 R /PageMode /UseNone >>`);
  file.add(PAGE_TREE, `<< /Type /Pages /Count ${PAGES} /Kids [${references(FIRST_CHAPTER, CHAPTERS)}] >>`);
  file.add(REGULAR, font('Helvetica'));
  file.add(BOLD, font('Helvetica-Bold'));
  file.add(MONO, font('Courier'));
  for (let chapter = 0; chapter < CHAPTERS; chapter++) {
    file.add(FIRST_CHAPTER + chapter, chapterNode(chapter));
  }
  for (let number = 1; number <= PAGES; number++) {
    const object = FIRST_PAGE + 2 * (number - 1);
    const drawing = draw(number, file.length);
    file.add(object, page(number, object + 1));
    file.add(object + 1, `<< /Length ${drawing.length} >>\nstream\n${drawing}\nendstream`);
  }
  return file.end();
}

function font(name) {
  return `<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`;
}

function chapterNode(chapter) {
  const kids = references(FIRST_PAGE + 2 * chapter * PAGES_PER_CHAPTER, PAGES_PER_CHAPTER, 2);
  const fonts = `<< /Regular ${REGULAR} 0 R /Bold ${BOLD} 0 R /Mono ${MONO} 0 R >>`;
  return (
    `<< /Type /Pages /Parent ${PAGE_TREE} 0 R /Count ${PAGES_PER_CHAPTER} /Kids [${kids}]` +
    ` /MediaBox [0 0 ${A5.width} ${A5.height}] /Resources << /Font ${fonts} >> >>`
  );
}

function page(number, contents) {
  const chapter = FIRST_CHAPTER + Math.floor((number - 1) / PAGES_PER_CHAPTER);
  return `<< /Type /Page /Parent ${chapter} 0 R /Contents ${contents} 0 R >>`;
}

function draw(number, firstPos) {
  const lines = [
    text('Regular', 11, 42, 548, 'A Book of Ranges'),
    text('Bold', 104, 38, 450, String(number)),
    text('Regular', 13, 42, 422, nature(number)),
    ...spiral(number),
    text('Regular', 9, 42, 44, `This page begins at byte ${firstPos} of the file. Ask for it:`),
    text('Mono', 9, 42, 30, `curl -r ${firstPos}-${firstPos + 9999} .../book.pdf`),
  ];
  return [INK, ...lines].join('\n');
}

function nature(number) {
  if (number === 1) return 'is the unit.';
  const factors = primeFactors(number);
  return factors.length === 1 ? 'is prime.' : `is ${factors.join(' \xd7 ')}.`;
}

/** All numbers in a square spiral from the middle outwards: primes blue, this page's number red and larger. */
function spiral(here) {
  const cells = walkSpiral();
  const squares = (colour, side, numbers) => [colour, ...numbers.map((number) => square(cells[number - 1], side)), 'f'];
  const others = cells.map((_, index) => index + 1).filter((number) => number !== here);
  return [
    ...squares(
      COMPOSITE,
      CELL - 4,
      others.filter((number) => !isPrime(number)),
    ),
    ...squares(PRIME, CELL - 4, others.filter(isPrime)),
    ...squares(HERE, CELL, [here]),
    INK,
  ];
}

function square([column, row], side) {
  const x = MIDDLE.x + column * CELL - side / 2;
  const y = MIDDLE.y + row * CELL - side / 2;
  return `${x} ${y} ${side} ${side} re`;
}

function walkSpiral() {
  const cells = [];
  let [x, y, dx, dy] = [0, 0, 0, -1];
  while (cells.length < PAGES) {
    cells.push([x, y]);
    const turns = x === y || (x < 0 && x === -y) || (x > 0 && x === 1 - y);
    if (turns) [dx, dy] = [-dy, dx];
    [x, y] = [x + dx, y + dy];
  }
  return cells;
}

function text(fontName, size, x, y, words) {
  return `BT /${fontName} ${size} Tf ${x} ${y} Td (${words}) Tj ET`;
}

function isPrime(number) {
  return number > 1 && primeFactors(number).length === 1;
}

function primeFactors(number) {
  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) return [divisor, ...primeFactors(number / divisor)];
  }
  return [number];
}

function references(first, count, step = 1) {
  return Array.from({ length: count }, (_, index) => `${first + index * step} 0 R`).join(' ');
}

/** Objects in the order they are added, then the table that says where each one is; one byte a character. */
class PdfFile {
  #text = '%PDF-1.4\n%\xe2\xe3\xcf\xd3\n';
  #offsets = [];

  get length() {
    return this.#text.length;
  }

  add(object, body) {
    this.#offsets[object] = this.length;
    this.#text += `${object} 0 obj\n${body}\nendobj\n`;
  }

  end() {
    const start = this.length;
    const entries = this.#offsets.slice(1).map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
    const size = entries.length + 1;
    const trailer = `trailer\n<< /Size ${size} /Root ${CATALOG} 0 R >>\nstartxref\n${start}\n%%EOF\n`;
    return Buffer.from(`${this.#text}xref\n0 ${size}\n0000000000 65535 f \n${entries.join('')}${trailer}`, 'latin1');
  }
}

stdout.write(book());
