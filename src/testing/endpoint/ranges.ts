import { describeAnswer } from './answer-reader.js';
import { difference, either, NOT_SATISFIABLE, REFUSED, THE_WHOLE, theRange, theRanges } from './expectations.js';
import { type Expectation, type Question, question, type Whole } from './question.js';

/** More digits than any integer type can hold. */
const HUGE = '9'.repeat(30);

export function questionsOfRanges({ size: n }: Whole): readonly Question[] {
  const last = n - 1;
  const middle = Math.floor(n / 2);
  const quarter = Math.floor(n / 4);
  const range = (value: string): [string, string][] => [['Range', value]];
  const ask = (what: string, reference: string, value: string, expected: Expectation): Question =>
    question(`${what}: Range: ${brief(value)}`, `RFC 9110 ${reference}`, range(value), expected);
  return [
    ask('the first byte', '§14.1.2', 'bytes=0-0', theRange(0, 0)),
    ask('the first two bytes, as Safari requests them', '§14.1.2', 'bytes=0-1', theRange(0, 1)),
    ask('bytes in the middle', '§14.1.2', `bytes=${middle}-${middle + 2}`, theRange(middle, middle + 2)),
    ask('the last byte by its position', '§14.1.2', `bytes=${last}-${last}`, theRange(last, last)),
    ask('everything by its positions', '§14.1.2', `bytes=0-${last}`, theRange(0, last)),
    ask('everything by an open end', '§14.1.2', 'bytes=0-', theRange(0, last)),
    ask('all but the first and the last byte', '§14.1.2', `bytes=1-${last - 1}`, theRange(1, last - 1)),
    ask('the inner half', '§14.1.2', `bytes=${quarter}-${last - quarter}`, theRange(quarter, last - quarter)),
    ask('the first half by its positions', '§14.1.2', `bytes=0-${middle}`, theRange(0, middle)),
    ask('all but the first byte by an open end', '§14.1.2', 'bytes=1-', theRange(1, last)),
    ask('all but the first byte by a suffix', '§14.1.2', `bytes=-${last}`, theRange(1, last)),
    ask('positions with zeros before them', '§14.1.2', 'bytes=000-0001', theRange(0, 1)),
    ask('the second half by an open end', '§14.1.2', `bytes=${middle}-`, theRange(middle, last)),
    ask('a last position at the complete length', '§14.1.2', `bytes=${middle}-${n}`, theRange(middle, last)),
    ask(
      'a last position of thirty digits',
      '§14.1.2',
      `bytes=${middle}-${HUGE}`,
      either(theRange(middle, last), THE_WHOLE),
    ),
    ask('the last byte by a suffix', '§14.1.2', 'bytes=-1', theRange(last, last)),
    ask('the last five bytes by a suffix', '§14.1.2', 'bytes=-5', theRange(n - 5, last)),
    ask('a suffix as long as everything', '§14.1.2', `bytes=-${n}`, theRange(0, last)),
    ask('a suffix longer than everything', '§14.1.2', `bytes=-${n + 1}`, theRange(0, last)),
    ask('a suffix of thirty digits', '§14.1.2', `bytes=-${HUGE}`, either(theRange(0, last), THE_WHOLE)),
    ask('a first position at the complete length', '§15.5.17', `bytes=${n}-`, NOT_SATISFIABLE),
    ask('a first position of thirty digits', '§15.5.17', `bytes=${HUGE}-`, either(NOT_SATISFIABLE, THE_WHOLE)),
    ask('a suffix of no bytes', '§14.1.2', 'bytes=-0', NOT_SATISFIABLE),
    ask('the unit in capitals', '§14.1', 'BYTES=0-0', theRange(0, 0)),
    ask('an unknown unit', '§14.2', 'lines=0-0', THE_WHOLE),
    ask('a last position before the first', '§14.1.1', 'bytes=5-3', IGNORED_OR_REFUSED),
    ask('a range without positions', '§14.1.1', 'bytes=-', IGNORED_OR_REFUSED),
    ask('no range at all', '§14.1.1', 'bytes=', IGNORED_OR_REFUSED),
    ask('letters for positions', '§14.1.1', 'bytes=a-b', IGNORED_OR_REFUSED),
    ask('a sign before a position', '§2.4', 'bytes=+0-1', either(THE_WHOLE, REFUSED, theRange(0, 1))),
    ask('a position in hexadecimal', '§14.1.1', 'bytes=0x0-0x1', IGNORED_OR_REFUSED),
    ask('one good range and a broken one', '§14.1.1', 'bytes=0-0,x', IGNORED_OR_REFUSED),
    ask('white space and empty elements', '§5.6.1.2', 'bytes= ,0-0, ,', either(theRange(0, 0), THE_WHOLE)),
    ask('the first and the last byte', '§15.3.7.2', 'bytes=0-0,-1', either(theRanges([0, 0], [last, last]), THE_WHOLE)),
    ask(
      'two ranges in falling order',
      '§14.2',
      `bytes=${last}-,0-0`,
      either(theRanges([last, last], [0, 0]), THE_WHOLE),
    ),
    ask(
      'three ranges',
      '§15.3.7.2',
      `bytes=0-0,${middle}-${middle},${last}-${last}`,
      either(theRanges([0, 0], [middle, middle], [last, last]), THE_WHOLE),
    ),
    ask(
      'two long ranges',
      '§15.3.7.2',
      `bytes=1-${quarter},${middle}-${last - 1}`,
      either(theRanges([1, quarter], [middle, last - 1]), THE_WHOLE),
    ),
    ask(
      'white space round the comma',
      '§5.6.1',
      `bytes=0-1 , ${last}-${last}`,
      either(theRanges([0, 1], [last, last]), THE_WHOLE),
    ),
    ask('two ranges that overlap', '§14.2', 'bytes=0-5,3-8', either(theRanges([0, 5], [3, 8]), THE_WHOLE)),
    ask('a range behind the end beside a good one', '§14.1.2', `bytes=0-0,${n}-`, either(theRanges([0, 0]), THE_WHOLE)),
    ask('two ranges behind the end', '§15.5.17', `bytes=${n}-,${n + 5}-`, NOT_SATISFIABLE),
    ask('everything, twenty times', '§17.15', `bytes=${'0-,'.repeat(19)}0-`, NOT_MULTIPLIED),
    question('two Range lines', 'RFC 9110 §5.3', [...range('bytes=0-0'), ...range('bytes=1-1')], ANY_OF_THE_LINES),
    question(
      'the first byte, for a client that accepts gzip: Range: bytes=0-0',
      'RFC 9110 §8.4',
      [...range('bytes=0-0'), ['Accept-Encoding', 'gzip, deflate, br']],
      theRange(0, 0),
    ),
    {
      question: 'HEAD with Range: bytes=0-0',
      reference: 'RFC 9110 §14.2',
      asked: { method: 'HEAD', headers: range('bytes=0-0') },
      expected: HEAD_OF_THE_WHOLE,
    },
    { question: 'HEAD', reference: 'RFC 9110 §9.3.2', asked: { method: 'HEAD' }, expected: HEAD_OF_THE_WHOLE },
  ];
}

/** Requests for empty content, of which no 206 is possible. */
export function questionsOfEmpty(): readonly Question[] {
  return ['bytes=0-', 'bytes=0-0', 'bytes=-1', 'bytes=-0', 'bytes=0-0,-1'].map((value) =>
    question(`Range: ${value}`, 'RFC 9110 §14.1.2', [['Range', value]], either(THE_WHOLE, NOT_SATISFIABLE)),
  );
}

/** §14.2: an invalid header is ignored or rejected; a partial response or a server error is wrong. */
const IGNORED_OR_REFUSED = either(THE_WHOLE, REFUSED);

/** A server that sends all of these ranges could be used to amplify an attack. */
const NOT_MULTIPLIED: Expectation = {
  text: 'not many times the bytes of the representation',
  fault: (answer, { size }) =>
    answer.status !== 0 && answer.status < 500 && answer.body.length <= 2 * size + 2000
      ? undefined
      : describeAnswer(answer),
};

/** Senders must not send two Range lines, and the response to them is not specified. */
const ANY_OF_THE_LINES = either(THE_WHOLE, REFUSED, theRange(0, 0), theRange(1, 1), theRanges([0, 0], [1, 1]));

/** §9.3.2: HEAD has the same headers as GET. */
const HEAD_HEADERS = (
  'content-length content-type content-encoding content-language content-location content-range content-disposition ' +
  'etag last-modified accept-ranges cache-control vary'
).split(' ');

const HEAD_OF_THE_WHOLE: Expectation = {
  text: '200 with the headers of the GET, and no content',
  fault(answer, { answer: of200 }) {
    if (answer.body.length > 0) return `${answer.status} with ${answer.body.length} bytes of content`;
    if (answer.status !== 200 || answer.failure !== undefined) return describeAnswer(answer);
    return difference(answer, of200, HEAD_HEADERS);
  },
};

function brief(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}
