import { type Arbitrary, array, bigInt, boolean, constant, constantFrom, integer, nat, oneof, tuple } from 'fast-check';

/** What a client may know of the representation that it asks for. */
export interface Known {
  readonly size: number;
  /** Its opaque tag, without quotes. */
  readonly opaque: string;
  /** In ms since the epoch, whole seconds. */
  readonly modified: number;
}

/** A hostile or plain request: its method, and its field lines as they stand on the wire. */
export interface FuzzedRequest {
  readonly method: 'GET' | 'HEAD';
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const text = (...choices: readonly string[]): Arbitrary<string> => constantFrom(...choices);
const joined = (...parts: readonly Arbitrary<string>[]): Arbitrary<string> =>
  tuple(...parts).map((strings) => strings.join(''));

/** Everything that a field value may have in it: RFC 9110 §5.5. */
const headerByte = oneof(constant(0x09), integer({ min: 0x20, max: 0x7e }), integer({ min: 0x80, max: 0xff })).map(
  (code) => String.fromCharCode(code),
);

/** Positions about the edges, or anywhere, or with more digits than any number has, or with zeros before them. */
function position({ size }: Known): Arbitrary<string> {
  return oneof(
    { weight: 6, arbitrary: integer({ min: 0, max: size + 10 }).map(String) },
    { weight: 2, arbitrary: constantFrom(0, 1, size - 1, size, size + 1).map((at) => String(Math.max(at, 0))) },
    { weight: 1, arbitrary: bigInt({ min: 0n, max: 2n ** 80n }).map(String) },
    { weight: 1, arbitrary: integer({ min: 0, max: size }).map((at) => String(at).padStart(25, '0')) },
  );
}

const ows = oneof({ weight: 6, arbitrary: constant('') }, { weight: 1, arbitrary: text(' ', '\t', ' \t ') });
const separator = joined(ows, text(',', ',', ',', ',,', ', ,'), ows);

function list(member: Arbitrary<string>, maxLength: number): Arbitrary<string> {
  return tuple(array(tuple(member, separator), { minLength: 1, maxLength }), boolean()).map(([members, isTrailed]) => {
    const all = members.map(([one, after]) => one + after).join('');
    return isTrailed ? all : all.slice(0, all.length - (members.at(-1)?.[1].length ?? 0));
  });
}

function rangeSpec(known: Known): Arbitrary<string> {
  const at = position(known);
  const ordered = tuple(nat(known.size + 5), nat(known.size + 5)).map(
    ([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`,
  );
  return oneof(
    { weight: 6, arbitrary: ordered },
    { weight: 1, arbitrary: joined(at, constant('-'), at) },
    { weight: 2, arbitrary: joined(at, constant('-')) },
    { weight: 2, arbitrary: joined(constant('-'), at) },
  );
}

const unit = oneof(
  { weight: 12, arbitrary: constant('bytes=') },
  {
    weight: 1,
    arbitrary: text('Bytes=', 'BYTES=', toLatin1('byteſ='), 'bytes =', 'bytes', 'seconds=', 'bytes==', '=', ''),
  },
);

/** Replaces, removes or repeats a stretch. */
function mangled(value: Arbitrary<string>): Arbitrary<string> {
  return tuple(value, nat(), nat(3), oneof(headerByte, text('', '-', ',', '"', ';', '%2d', toLatin1('０')))).map(
    ([plain, at, length, instead]) => {
      const start = at % (plain.length + 1);
      return plain.slice(0, start) + instead + plain.slice(start + length);
    },
  );
}

function rangeHeader(known: Known): Arbitrary<string> {
  const plain = joined(unit, list(rangeSpec(known), 6));
  return oneof(
    { weight: 6, arbitrary: joined(unit, rangeSpec(known)) },
    { weight: 6, arbitrary: plain },
    { weight: 2, arbitrary: joined(unit, list(rangeSpec(known), 70)) },
    { weight: 3, arbitrary: mangled(plain) },
    { weight: 1, arbitrary: array(headerByte, { maxLength: 40 }).map((bytes) => bytes.join('')) },
    { weight: 1, arbitrary: longHeader(8000) },
  );
}

/** Together they stay within what Node.js takes for all fields, 16 KiB. */
const longHeader = (maxLength: number): Arbitrary<string> =>
  tuple(text('bytes=', 'bytes=0-', '"', ''), text(',', '0-1,', '9', ' ', '-', '\t', 'W/"a",', '"'), nat(maxLength)).map(
    ([head, piece, length]) => head + piece.repeat(Math.ceil(length / piece.length)),
  );

function tag({ opaque }: Known): Arbitrary<string> {
  return oneof(
    { weight: 4, arbitrary: text(`"${opaque}"`, `W/"${opaque}"`) },
    { weight: 2, arbitrary: text('"other"', 'W/"other"', '""', '"a,b"', `"${opaque.toLowerCase()}x"`) },
    { weight: 1, arbitrary: text('"a b"', 'other', `w/"${opaque}"`, opaque, `"${opaque}`, '*', 'W/', '"\xff"') },
  );
}

function tagsHeader(known: Known): Arbitrary<string> {
  return oneof(
    { weight: 3, arbitrary: tag(known) },
    { weight: 3, arbitrary: list(tag(known), 5) },
    { weight: 1, arbitrary: mangled(list(tag(known), 3)) },
    { weight: 1, arbitrary: text('*', ' * ', '*, *', '', ',') },
    { weight: 1, arbitrary: longHeader(3000) },
  );
}

/** In one of the three forms, or in none. */
function dateHeader({ modified }: Known): Arbitrary<string> {
  const time = oneof(
    constantFrom(modified, modified - 1000, modified + 1000),
    integer({ min: 0, max: 2_000_000_000 }).map((seconds) => seconds * 1000),
  );
  const form = constantFrom<(date: Date) => string>(
    (date) => date.toUTCString(),
    (date) => date.toUTCString(),
    asctime,
    rfc850,
    (date) => date.toISOString(),
    (date) => date.toUTCString().replace('GMT', 'UTC'),
    (date) => date.toUTCString().replace('GMT', '+0000'),
    (date) => String(date.getTime()),
    (date) => date.toUTCString().toLowerCase(),
  );
  return tuple(time, form).map(([ms, write]) => write(new Date(ms)));
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function asctime(date: Date): string {
  const [weekday, day, month, year, time] = date.toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2, ' ')} ${time} ${year}`;
}

function rfc850(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${DAYS[date.getUTCDay()]}, ${day}-${month}-${year?.slice(2)} ${time} GMT`;
}

/** Requests for a representation, with any of the fields that decide about its answer. */
export function requestsFor(known: Known): Arbitrary<FuzzedRequest> {
  const header = (name: string, value: Arbitrary<string>, timesInTen: number) =>
    oneof(
      { weight: 10 - timesInTen, arbitrary: constant(undefined) },
      {
        weight: timesInTen,
        arbitrary: tuple(constantFrom(name, name, name.toLowerCase(), name.toUpperCase()), value),
      },
    );
  return tuple(
    constantFrom<'GET' | 'HEAD'>('GET', 'GET', 'GET', 'GET', 'HEAD'),
    header('Range', rangeHeader(known), 9),
    header('If-Range', oneof(tag(known), dateHeader(known), mangled(tag(known))), 2),
    header('If-Match', tagsHeader(known), 1),
    header('If-None-Match', tagsHeader(known), 1),
    header('If-Modified-Since', dateHeader(known), 1),
    header('If-Unmodified-Since', dateHeader(known), 1),
  ).map(([method, ...headers]) => ({ method, headers: headers.filter((one) => one !== undefined) }));
}

/** As the bytes that UTF-8 makes of it, each a character: what is written as Latin-1. */
function toLatin1(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}
