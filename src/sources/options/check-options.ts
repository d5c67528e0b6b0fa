import { inspect, types } from 'node:util';
import { parseEntityTag } from '../../http/headers/entity-tag.js';
import { isHeaderValue } from '../../http/headers/header-value.js';
import { nearest } from './nearest.js';
import { refuse } from './refuse.js';
import { shownText } from './target-url.js';

/** A description of valid values, a predicate for them, and optional advice on an invalid value. */
export type Check = readonly [
  expected: string,
  accepts: (value: unknown) => boolean,
  advice?: (value: unknown) => string,
];

/** A check for each option. */
export type Checks<T> = { readonly [Name in keyof T]-?: Check };

/** The longest delay of a timer, in ms: Node.js replaces longer ones by 1 ms. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;

export const flag: Check = ['true or false', (value) => typeof value === 'boolean'];
export const count: Check = ['a whole number from 0', (value) => Number.isSafeInteger(value) && Number(value) >= 0];
export const positive: Check = ['a whole number from 1', (value) => Number.isSafeInteger(value) && Number(value) >= 1];

/** A whole number from 1 to `most`. */
export function upTo(most: number): Check {
  const accepts = (value: unknown): boolean =>
    Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most;
  return [`a whole number from 1 to ${most}`, accepts];
}

export const callback: Check = ['a function', (value) => typeof value === 'function'];

export const headerText: Check = [
  'a string that is valid as a header value',
  (value) => typeof value === 'string' && isHeaderValue(value),
];

export const entityTag: Check = [
  `an entity tag with its quotes, such as '"v1"' or 'W/"v1"'`,
  (value) => typeof value === 'string' && parseEntityTag(value) !== undefined,
];

export const date: Check = [
  'a valid Date',
  (value) => types.isDate(value) && !Number.isNaN(value.getTime()),
  adviceOnDate,
];

export const size: Check = ['a whole number of bytes', count[1], adviceOnSize];

export const directory: Check = [
  'the path of a directory',
  (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
];

/** A time in ms, at least `least`, that a timer accepts. */
export function delay(least: number): Check {
  const accepts = (value: unknown): boolean => typeof value === 'number' && value >= least && value <= LONGEST_DELAY_MS;
  return [`a time in ms from ${least} to ${LONGEST_DELAY_MS}`, accepts];
}

export function orFalse([expected, accepts, advice]: Check): Check {
  const orAccepts = (value: unknown): boolean => value === false || accepts(value);
  return advice === undefined ? [`${expected}, or false`, orAccepts] : [`${expected}, or false`, orAccepts, advice];
}

export function orInfinity([expected, accepts]: Check): Check {
  return [`${expected}, or Infinity`, (value) => value === Infinity || accepts(value)];
}

export function oneOf(...values: readonly string[]): Check {
  const quoted = values.map((value) => `'${value}'`);
  return [
    `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`,
    (value) => typeof value === 'string' && values.includes(value),
  ];
}

/**
 * Checks all options that are not `undefined`, and that the required ones are set.
 *
 * @param place the function or class that takes the options, for the message
 * @param others known options that are checked elsewhere
 * @throws TypeError that names the unknown, invalid or missing option
 */
export function checkOptions<T extends object>(
  place: string,
  options: T,
  checks: Checks<T>,
  required: readonly (keyof T & string)[] = [],
  others: readonly string[] = [],
): T {
  if (typeof options !== 'object' || options === null) {
    refuse(`${place}: the options must be an object, not ${describe(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(checks, name))
      refuse(`${place}: unknown option ${unknownOption(name, [...Object.keys(checks), ...others])}`);
  }
  for (const name of new Set([...required, ...Object.keys(options)]) as Set<keyof T & string>) {
    const value: unknown = options[name];
    const [expected, accepts, advice] = checks[name];
    if (value === undefined ? !required.includes(name) : accepts(value)) continue;
    refuse(`${place}: option "${name}" must be ${expected}, not ${describe(value)}${advice?.(value) ?? ''}`);
  }
  return options;
}

/** Names an unknown option, the one that was probably meant, and all known ones. */
function unknownOption(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return `"${name}"${meant === undefined ? '' : ` (did you mean "${meant}"?)`}; known options are ${known.join(', ')}`;
}

/** Databases return some sizes as strings or bigints. */
export function adviceOnSize(value: unknown): string {
  return typeof value === 'string' || typeof value === 'bigint'
    ? ': write Number(size), since pg returns bigints as strings'
    : '';
}

/** JSON and databases return some dates as text or numbers. */
export function adviceOnDate(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? ': write new Date(date)' : '';
}

/** Whether a value is an object of properties. Headers, a Map or an array would seem to be an empty one. */
export function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value);
}

export const NOT_PLAIN = 'which is not a plain object: write Object.fromEntries(headers)';

/** Formats a value of an option for a message. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.includes('://') ? shownText(value) : value);
  if (types.isPromise(value)) return 'a Promise'; // async hooks leave symbols on it, which inspect() shows
  return inspect(value, { depth: 0, breakLength: Infinity });
}
