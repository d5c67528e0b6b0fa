/**
 * Throws a TypeError for a mistake in an app. The trailing comment keeps Node.js from printing the throwing line, which would
 * be minified code, if the error is not caught.
 */
export function refuse(message: string): never {
  throw new TypeError(message); /* node-do-not-add-exception-line */
}
