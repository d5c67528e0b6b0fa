import { inspect } from 'node:util';
import { isFieldValue } from '../http/field-value.js';

/** What an option must be, in words, and whether a value is that. */
export type Check = readonly [expected: string, accepts: (value: unknown) => boolean];

/** One for each option. */
export type Checks<T> = { readonly [Name in keyof T]-?: Check };

/** Node.js takes a longer delay, in ms, for one of 1 ms. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export const flag: Check = ['true or false', (value) => typeof value === 'boolean'];
export const count: Check = ['a whole number from 0', (value) => Number.isSafeInteger(value) && Number(value) >= 0];
export const positive: Check = ['a whole number from 1', (value) => Number.isSafeInteger(value) && Number(value) >= 1];
export const callback: Check = ['a function', (value) => typeof value === 'function'];

export const fieldText: Check = [
  'a string that can stand in a field',
  (value) => typeof value === 'string' && isFieldValue(value),
];

export const directory: Check = [
  'the path of a directory',
  (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
];

/** A time in ms, `least` or more, as a timer takes it. */
export function delay(least: number): Check {
  const accepts = (value: unknown): boolean => typeof value === 'number' && value >= least && value <= LONGEST_DELAY_MS;
  return [`a time in ms from ${least} to ${LONGEST_DELAY_MS}`, accepts];
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
 * Checks all options that are not `undefined`, and those of them that must not be.
 *
 * @param place whose options they are, for the message
 * @throws TypeError that names the option which is unknown, impossible or missing
 */
export function checkOptions<T extends object>(
  place: string,
  options: T,
  checks: Checks<T>,
  required: readonly (keyof T & string)[] = [],
): T {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${place}: the options must be an object, not ${describe(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(checks, name)) continue;
    throw new TypeError(`${place}: unknown option "${name}"; known are ${Object.keys(checks).join(', ')}`);
  }
  for (const name of new Set([...required, ...Object.keys(options)]) as Set<keyof T & string>) {
    const value: unknown = options[name];
    const [expected, accepts] = checks[name];
    if (value === undefined ? !required.includes(name) : accepts(value)) continue;
    throw new TypeError(`${place}: option "${name}" must be ${expected}, not ${describe(value)}`);
  }
  return options;
}

export function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 0, breakLength: Infinity });
}
