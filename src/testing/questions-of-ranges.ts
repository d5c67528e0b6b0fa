import { also, either, NOT_SATISFIABLE, REFUSED, THE_WHOLE, theRange, theRanges } from './expectations.js';
import { type Expectation, type Question, question, type Whole } from './question.js';
import { describeAnswer, valueOf } from './raw-answer.js';

/** More digits than any integer type has room for. */
const HUGE = '9'.repeat(30);

export function questionsOfRanges({ size: n }: Whole): readonly Question[] {
  const last = n - 1;
  const middle = Math.floor(n / 2);
  const range = (value: string): [string, string][] => [['Range', value]];
  const ask = (what: string, reference: string, value: string, expected: Expectation): Question =>
    question(`${what}: Range: ${brief(value)}`, `RFC 9110 ${reference}`, range(value), expected);
  return [
    ask('the first octet', '§14.1.2', 'bytes=0-0', theRange(0, 0)),
    ask('the first two octets, as Safari asks', '§14.1.2', 'bytes=0-1', theRange(0, 1)),
    ask('octets in the middle', '§14.1.2', `bytes=${middle}-${middle + 2}`, theRange(middle, middle + 2)),
    ask('the last octet by its position', '§14.1.2', `bytes=${last}-${last}`, theRange(last, last)),
    ask('everything by its positions', '§14.1.2', `bytes=0-${last}`, theRange(0, last)),
    ask('everything by an open end', '§14.1.2', 'bytes=0-', theRange(0, last)),
    ask('the second half by an open end', '§14.1.2', `bytes=${middle}-`, theRange(middle, last)),
    ask('a last position at the complete length', '§14.1.2', `bytes=${middle}-${n}`, theRange(middle, last)),
    ask('a last position of thirty digits', '§14.1.2', `bytes=${middle}-${HUGE}`, theRange(middle, last)),
    ask('the last octet by a suffix', '§14.1.2', 'bytes=-1', theRange(last, last)),
    ask('the last five octets by a suffix', '§14.1.2', 'bytes=-5', theRange(n - 5, last)),
    ask('a suffix as long as everything', '§14.1.2', `bytes=-${n}`, theRange(0, last)),
    ask('a suffix longer than everything', '§14.1.2', `bytes=-${n + 1}`, theRange(0, last)),
    ask('a suffix of thirty digits', '§14.1.2', `bytes=-${HUGE}`, theRange(0, last)),
    ask('a first position at the complete length', '§15.5.17', `bytes=${n}-`, NOT_SATISFIABLE),
    ask('a first position of thirty digits', '§15.5.17', `bytes=${HUGE}-`, NOT_SATISFIABLE),
    ask('a suffix of no octets', '§14.1.2', 'bytes=-0', NOT_SATISFIABLE),
    ask('the unit in capitals', '§14.1', 'BYTES=0-0', theRange(0, 0)),
    ask('a unit that nobody knows', '§14.2', 'lines=0-0', THE_WHOLE),
    ask('a last position before the first', '§14.1.1', 'bytes=5-3', IGNORED_OR_REFUSED),
    ask('a range without positions', '§14.1.1', 'bytes=-', IGNORED_OR_REFUSED),
    ask('no range at all', '§14.1.1', 'bytes=', IGNORED_OR_REFUSED),
    ask('letters for positions', '§14.1.1', 'bytes=a-b', IGNORED_OR_REFUSED),
    ask('a sign before a position', '§14.1.1', 'bytes=+0-1', IGNORED_OR_REFUSED),
    ask('a position in hexadecimal', '§14.1.1', 'bytes=0x0-0x1', IGNORED_OR_REFUSED),
    ask('one good range and a broken one', '§14.1.1', 'bytes=0-0,x', IGNORED_OR_REFUSED),
    ask('white space and empty elements', '§5.6.1.2', 'bytes= ,0-0, ,', either(theRange(0, 0), THE_WHOLE)),
    ask(
      'the first and the last octet',
      '§15.3.7.2',
      'bytes=0-0,-1',
      either(theRanges([0, 0], [last, last]), THE_WHOLE),
    ),
    ask(
      'two ranges in falling order',
      '§14.2',
      `bytes=${last}-,0-0`,
      either(theRanges([last, last], [0, 0]), THE_WHOLE),
    ),
    ask('two ranges that overlap', '§14.2', 'bytes=0-5,3-8', either(theRanges([0, 5], [3, 8]), THE_WHOLE)),
    ask('a range behind the end beside a good one', '§14.1.2', `bytes=0-0,${n}-`, either(theRanges([0, 0]), THE_WHOLE)),
    ask('two ranges behind the end', '§15.5.17', `bytes=${n}-,${n + 5}-`, NOT_SATISFIABLE),
    ask('everything, twenty times', '§17.15', `bytes=${'0-,'.repeat(19)}0-`, NOT_MULTIPLIED),
    question('two Range lines', 'RFC 9110 §5.3', [...range('bytes=0-0'), ...range('bytes=1-1')], IGNORED_OR_REFUSED),
    question(
      'the first octet, by a client that takes gzip: Range: bytes=0-0',
      'RFC 9110 §8.4',
      [...range('bytes=0-0'), ['Accept-Encoding', 'gzip, deflate, br']],
      theRange(0, 0),
    ),
    question('what a 206 says of the representation', 'RFC 9110 §15.3.7', range('bytes=0-0'), WITH_THE_FIELDS),
    {
      question: 'HEAD with Range: bytes=0-0',
      reference: 'RFC 9110 §14.2',
      asked: { method: 'HEAD', fields: range('bytes=0-0') },
      expected: HEAD_OF_THE_WHOLE,
    },
    { question: 'HEAD', reference: 'RFC 9110 §9.3.2', asked: { method: 'HEAD' }, expected: HEAD_OF_THE_WHOLE },
  ];
}

/** §14.2: an invalid field is ignored or rejected; what cannot be is a part, or a server that breaks on it. */
const IGNORED_OR_REFUSED = either(THE_WHOLE, REFUSED);

/** A server that answers all of these would be a lever for whoever wants to wear it out. */
const NOT_MULTIPLIED: Expectation = {
  text: 'not many times the octets of the representation',
  fault: (answer, { size }) =>
    answer.status !== 0 && answer.status < 500 && answer.body.length <= 2 * size + 2000
      ? undefined
      : describeAnswer(answer),
};

/** Those of the 200 that a 206 must have too, and the type, without which nobody knows what it is a part of. */
const WITH_THE_FIELDS = also(theRange(0, 0), 'and the fields of the 200', (answer, { answer: of200 }) =>
  difference(answer, of200, ['etag', 'last-modified', 'cache-control', 'content-location', 'vary', 'content-type']),
);

const HEAD_OF_THE_WHOLE: Expectation = {
  text: '200 with the fields of the GET, and no content',
  fault(answer, { answer: of200 }) {
    if (answer.status !== 200 || answer.failure !== undefined) return describeAnswer(answer);
    const names = ['content-length', 'content-type', 'etag', 'last-modified', 'accept-ranges', 'cache-control'];
    return difference(answer, of200, [...names, 'content-range', 'content-encoding']);
  },
};

function difference(answer: Parameters<typeof valueOf>[0], of200: typeof answer, names: readonly string[]) {
  const differing = names.find((name) => valueOf(answer, name) !== valueOf(of200, name));
  if (differing === undefined) return undefined;
  return `${differing} is ${valueOf(answer, differing) ?? 'missing'}, where the 200 has ${valueOf(of200, differing) ?? 'none'}`;
}

function brief(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}
