/** How long and how often is measured. */
export interface Options {
  readonly rounds: number;
  /** Of each sample. */
  readonly seconds: number;
  /** A contender is warm after 10,000 requests, or after this long. */
  readonly warmUpSeconds: number;
  /** Beginnings of the workloads' names; none: all of them. */
  readonly words: readonly string[];
}

/** @throws RangeError for an option that is unknown, or is no positive number */
export function parseOptions(args: readonly string[]): Options {
  const numbers = { '--rounds': 5, '--seconds': 2, '--warm-up': 20 };
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (isNameIn(numbers, arg)) numbers[arg] = positiveNumber(arg, args[++i]);
    else if (arg.startsWith('-')) throw new RangeError(`${arg} is none of ${Object.keys(numbers).join(', ')}`);
    else words.push(arg);
  }
  return { rounds: numbers['--rounds'], seconds: numbers['--seconds'], warmUpSeconds: numbers['--warm-up'], words };
}

function isNameIn<T extends object>(record: T, name: string): name is string & keyof T {
  return Object.hasOwn(record, name);
}

function positiveNumber(name: string, text: string | undefined): number {
  if (text === undefined || !/^[1-9]\d{0,5}$/.test(text)) throw new RangeError(`${name} wants a number above 0`);
  return Number(text);
}
