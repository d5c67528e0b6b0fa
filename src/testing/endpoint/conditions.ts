import { valueOf } from './answer-reader.js';
import {
  either,
  NOT_MODIFIED,
  NOT_MODIFIED_BY_DATE,
  NOT_SATISFIABLE,
  PRECONDITION_FAILED,
  THE_WHOLE,
  theRange,
  theRangeUnderIfRange,
} from './expectations.js';
import { type Question, question, type Whole } from './question.js';

type HeaderLines = readonly (readonly [name: string, value: string])[];

const FIRST: HeaderLines = [['Range', 'bytes=0-0']];
const OTHER_TAG = '"not-the-tag-of-anything"';

export function questionsOfConditions(whole: Whole): readonly Question[] {
  return [...ofAnyTag(whole), ...ofTag(whole), ...ofStrongTag(whole), ...ofDate(whole)];
}

/** Requests for a representation with any validators. */
function ofAnyTag({ size }: Whole): readonly Question[] {
  return [
    question(
      'If-None-Match with another tag, and a range',
      '§13.2.2',
      [['If-None-Match', OTHER_TAG], ...FIRST],
      theRange(0, 0),
    ),
    question('If-Match: *, and a range', '§13.2.2', [['If-Match', '*'], ...FIRST], theRange(0, 0)),
    question(
      'If-Match with another tag, and a range behind the end',
      '§13.2.2',
      [
        ['If-Match', OTHER_TAG],
        ['Range', `bytes=${size}-`],
      ],
      PRECONDITION_FAILED,
    ),
    question('If-None-Match with another tag', '§13.1.2', [['If-None-Match', OTHER_TAG]], THE_WHOLE),
    question('If-None-Match: *', '§13.1.2', [['If-None-Match', '*']], NOT_MODIFIED),
    question('If-Match with another tag', '§13.1.1', [['If-Match', OTHER_TAG]], PRECONDITION_FAILED),
    question(
      'If-Match with another tag, and a range',
      '§13.2.2',
      [['If-Match', OTHER_TAG], ...FIRST],
      PRECONDITION_FAILED,
    ),
    headQuestion('HEAD with If-Match with another tag', '§13.1.1', [['If-Match', OTHER_TAG]], PRECONDITION_FAILED),
    question('If-Match: *', '§13.1.1', [['If-Match', '*']], THE_WHOLE),
    question('If-Range with another tag', '§13.1.5', [['If-Range', OTHER_TAG], ...FIRST], THE_WHOLE),
    question(
      'If-Range with another tag, and a range behind the end',
      '§13.1.5',
      [
        ['If-Range', OTHER_TAG],
        ['Range', `bytes=${size}-`],
      ],
      THE_WHOLE,
    ),
    question('If-Modified-Since with an invalid date', '§13.1.3', [['If-Modified-Since', '2099-01-01']], THE_WHOLE),
  ].map(withRfc);
}

function ofTag({ etag, size }: Whole): readonly Question[] {
  if (etag === undefined) return [];
  const weak = etag.startsWith('W/') ? etag : `W/${etag}`;
  const list = `${OTHER_TAG}, ${etag}`;
  const bare = etag.replace(/^W\//, '').replaceAll('"', '');
  return [
    question('If-None-Match with the tag', '§13.1.2', [['If-None-Match', etag]], NOT_MODIFIED),
    question('If-None-Match with the tag among others', '§13.1.2', [['If-None-Match', list]], NOT_MODIFIED),
    question('If-None-Match with the tag made weak', '§13.1.2', [['If-None-Match', weak]], NOT_MODIFIED),
    question('If-None-Match with the tag, and a range', '§13.2.2', [['If-None-Match', etag], ...FIRST], NOT_MODIFIED),
    question(
      'If-None-Match with the tag, and a range behind the end',
      '§13.2.2',
      [
        ['If-None-Match', etag],
        ['Range', `bytes=${size}-`],
      ],
      NOT_MODIFIED,
    ),
    headQuestion('HEAD with If-None-Match with the tag', '§13.1.2', [['If-None-Match', etag]], NOT_MODIFIED),
    question('If-Range with the tag without its quotes', '§13.1.5', [['If-Range', bare], ...FIRST], THE_WHOLE),
    question('If-Match with the tag made weak', '§13.1.1', [['If-Match', weak]], PRECONDITION_FAILED),
    question('If-Range with the tag made weak', '§13.1.5', [['If-Range', weak], ...FIRST], THE_WHOLE),
    question('If-Range with a list of tags', '§13.1.5', [['If-Range', list], ...FIRST], THE_WHOLE),
  ].map(withRfc);
}

function ofStrongTag({ strongTag, size }: Whole): readonly Question[] {
  if (strongTag === undefined) return [];
  const behind: HeaderLines = [['Range', `bytes=${size}-`]];
  return [
    question('If-Match with the tag', '§13.1.1', [['If-Match', strongTag]], THE_WHOLE),
    question('If-Match with the tag among others', '§13.1.1', [['If-Match', `${OTHER_TAG}, ${strongTag}`]], THE_WHOLE),
    question('If-Match with the tag, and a range', '§13.2.2', [['If-Match', strongTag], ...FIRST], theRange(0, 0)),
    question('If-Range with the tag', '§13.1.5', [['If-Range', strongTag], ...FIRST], theRangeUnderIfRange(0, 0)),
    question(
      'If-Range with the tag, and a range behind the end',
      '§13.1.5',
      [['If-Range', strongTag], ...behind],
      NOT_SATISFIABLE,
    ),
  ].map(withRfc);
}

/** Names of days in the obsolete date format of §5.6.7. */
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const DAY_MS = 86_400_000;

function ofDate({ lastModified, lastModifiedHeader: date, answer }: Whole): readonly Question[] {
  if (lastModified === undefined || date === undefined) return [];
  const earlier = new Date(lastModified - DAY_MS).toUTCString();
  const later = new Date(lastModified + 1000).toUTCString();
  // A date is a strong validator only once its second is well over (§8.8.2.2).
  const isStrong = Date.parse(valueOf(answer, 'date') ?? '') - lastModified > 60_000;
  const ifRange = isStrong ? theRangeUnderIfRange(0, 0) : either(theRangeUnderIfRange(0, 0), THE_WHOLE);
  const since = (value: string): HeaderLines => [['If-Modified-Since', value]];
  return [
    question('If-Modified-Since the date', '§13.1.3', since(date), NOT_MODIFIED_BY_DATE),
    question('If-Modified-Since the date, and a range', '§13.2.2', [...since(date), ...FIRST], NOT_MODIFIED_BY_DATE),
    question('If-Modified-Since the date as RFC 850 wrote it', '§5.6.7', since(rfc850(lastModified)), NOT_MODIFIED),
    question('If-Modified-Since the date as asctime() writes it', '§5.6.7', since(asctime(lastModified)), NOT_MODIFIED),
    question('If-Modified-Since a day before', '§13.1.3', since(earlier), THE_WHOLE),
    question(
      'If-Modified-Since the date, and another tag in If-None-Match',
      '§13.1.3',
      [...since(date), ['If-None-Match', OTHER_TAG]],
      THE_WHOLE,
    ),
    question('If-Modified-Since a day before, and a range', '§13.2.2', [...since(earlier), ...FIRST], theRange(0, 0)),
    question(
      'If-Unmodified-Since the date, and a range',
      '§13.2.2',
      [['If-Unmodified-Since', date], ...FIRST],
      theRange(0, 0),
    ),
    question('If-Unmodified-Since the date', '§13.1.4', [['If-Unmodified-Since', date]], THE_WHOLE),
    question('If-Unmodified-Since a day before', '§13.1.4', [['If-Unmodified-Since', earlier]], PRECONDITION_FAILED),
    question(
      'If-Unmodified-Since a day before, and the tag of anything in If-Match',
      '§13.1.4',
      [
        ['If-Unmodified-Since', earlier],
        ['If-Match', '*'],
      ],
      THE_WHOLE,
    ),
    question('If-Range with the date', '§13.1.5', [['If-Range', date], ...FIRST], ifRange),
    question('If-Range with an earlier date', '§13.1.5', [['If-Range', earlier], ...FIRST], THE_WHOLE),
    question('If-Range with a later date', '§13.1.5', [['If-Range', later], ...FIRST], THE_WHOLE),
  ].map(withRfc);
}

/** `Sunday, 06-Nov-94 08:49:37 GMT` */
function rfc850(time: number): string {
  const [, day, month, year, clock] = new Date(time).toUTCString().split(' ');
  return `${DAYS[new Date(time).getUTCDay()]}, ${day}-${month}-${year?.slice(2)} ${clock} GMT`;
}

/** `Sun Nov  6 08:49:37 1994` */
function asctime(time: number): string {
  const [weekday, day, month, year, clock] = new Date(time).toUTCString().split(' ');
  return `${weekday?.slice(0, 3)} ${month} ${day?.replace(/^0/, ' ')} ${clock} ${year}`;
}

function headQuestion(...[text, reference, headers, expected]: Parameters<typeof question>): Question {
  const asked = question(text, reference, headers, expected);
  return { ...asked, asked: { ...asked.asked, method: 'HEAD' } };
}

function withRfc(asked: Question): Question {
  return { ...asked, reference: `RFC 9110 ${asked.reference}` };
}
