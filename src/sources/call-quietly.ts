/**
 * Calls a function of the app without waiting for it. An exception or rejection reaches only `report`.
 */
export function callQuietly(call: () => unknown, report: (error: unknown) => unknown = ignore): void {
  new Promise((resolve) => resolve(call())).catch(report).catch(ignore);
}

function ignore(): void {}

/** A property of a value from the app; `undefined` if it does not exist or its getter throws. */
export function propertyOf(value: unknown, name: string): unknown {
  try {
    return value === undefined || value === null ? undefined : Reflect.get(Object(value) as object, name);
  } catch {
    return undefined;
  }
}
