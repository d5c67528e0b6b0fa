const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].join('|');
const LONG_DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'].join('|');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';

const FORMS = [
  new RegExp(`^(?:${DAYS}), (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`), // IMF-fixdate
  new RegExp(`^(?:${LONG_DAYS}), (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT$`), // rfc850-date
  new RegExp(`^(?:${DAYS}) ${MONTH} (?<day>\\d{2}| \\d) ${TIME} (?<year>\\d{4})$`), // asctime-date
];

/** Length of the longest form, "Wednesday, 09-Nov-94 08:49:37 GMT", in characters. */
const MAX_LENGTH = 33;

/**
 * Parses an HTTP-date in any of its three forms; `undefined` for anything else, including days that do not exist.
 * Both times are in ms since the epoch; `now` resolves a two-digit year.
 *
 * @see RFC 9110 §5.6.7
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  for (const form of FORMS) {
    const fields = form.exec(text)?.groups;
    if (fields !== undefined) return toTime(fields, now);
  }
  return undefined;
}

/** Recently formatted dates by time: formatting one costs as much as planning a response. */
const formatted = new Map<number, string>();

/** Formats a time, in ms since the epoch, as an IMF-fixdate. Fractions of a second are truncated. */
export function formatHttpDate(time: number): string {
  const known = formatted.get(time);
  if (known !== undefined) return known;
  const text = new Date(time).toUTCString();
  if (formatted.size >= 1000) formatted.clear();
  formatted.set(time, text);
  return text;
}

/** Truncates a time, in ms since the epoch, to whole seconds, the precision of an HTTP-date. */
export function toWholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}

function toTime(fields: Record<string, string | undefined>, now: number): number | undefined {
  const digits = (name: string): number => Number(fields[name]);
  const month = MONTHS.indexOf(fields['month'] ?? '');
  const day = digits('day');
  const [hour, minute, second] = [digits('hour'), digits('minute'), digits('second')];
  if (hour > 23 || minute > 59 || second > 60) return undefined; // 60: a leap second, §5.6.7
  const at = (year: number): number => utc(year, month, day, hour, minute, second);
  const year = digits('year');
  const time = fields['year']?.length === 2 ? nearestCentury(year, at, now) : at(year);
  const date = new Date(time - (second === 60 ? 1000 : 0));
  return date.getUTCMonth() === month ? time : undefined; // a day that does not exist rolls over into another month
}

/** Unlike `Date.UTC`, does not map the years 0 to 99 to 1900 to 1999. */
function utc(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.setUTCHours(hour, minute, second);
}

/** A two-digit year that appears to be more than 50 years in the future is the most recent past year (§5.6.7). */
function nearestCentury(twoDigits: number, at: (year: number) => number, now: number): number {
  const today = new Date(now);
  const year = today.getUTCFullYear() - (today.getUTCFullYear() % 100) + twoDigits;
  const fiftyYearsOn = new Date(now).setUTCFullYear(today.getUTCFullYear() + 50);
  return at(year) > fiftyYearsOn ? at(year - 100) : at(year);
}
