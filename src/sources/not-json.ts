/**
 * A `toJSON()` for objects that must not be serialised: throws an explanation instead of exposing their properties. In the
 * packet of a message transport it returns the explanation, because nobody would catch it and Nest 11 would crash.
 *
 * @param what the object, as a noun phrase
 * @param whole advice if it is the whole result
 * @param part advice if it is part of a result
 */
export function notJson(what: string, whole: string, part = whole): (key?: string) => string {
  return (key = '') => {
    const message =
      key === ''
        ? `${what} cannot be sent as JSON: ${whole}`
        : `${what} cannot be sent as JSON, as "${key}" of a result: ${part}`;
    if (key === PACKET_RESPONSE) return message;
    throw new TypeError(message);
  };
}

/** The property in which `@nestjs/microservices` sends a result. */
const PACKET_RESPONSE = 'response';

/** For sources that a handler returns by mistake instead of a RangedFile. */
export const SOURCE_IS_NOT_JSON = {
  toJSON: notJson('a source', 'return new RangedFile(source) from a route with @Ranged()'),
};
