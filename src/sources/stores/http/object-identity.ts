const numbers = new WeakMap<object, number>();
let count = 0;

/** A unique, stable number for an object, to use in a key. */
export function identityOf(object: object): number {
  const known = numbers.get(object);
  if (known !== undefined) return known;
  numbers.set(object, ++count);
  return count;
}
