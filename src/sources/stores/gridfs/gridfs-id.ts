import { isDate } from 'node:util/types';

/**
 * A unique text for an `_id` of any known type: `5` and `'5'` are different files. `undefined` for unknown types.
 */
export function idKey(id: unknown): string | undefined {
  if (typeof id === 'string') return JSON.stringify(id);
  if (typeof id === 'number' || typeof id === 'boolean') return `${typeof id} ${id}`;
  if (typeof id === 'bigint') return `long ${id}`;
  if (typeof id !== 'object' || id === null) return undefined;
  if (isBson(id)) return bsonKey(id);
  if (isDate(id)) return `date ${id.getTime()}`;
  return isPlain(id) ? documentKey(id) : undefined;
}

/** The filter for an `_id`. Documents are compared by `$eq`, since one from a request may contain query operators. */
export function filterOf(id: unknown): { readonly _id: unknown } {
  const isDocument = typeof id === 'object' && id !== null && !isBson(id);
  return { _id: isDocument ? { $eq: id } : id };
}

/** The members used of BSON types, whose classes differ between copies of the driver. */
interface BsonValue {
  readonly _bsontype: string;
  toHexString?(): string;
  toString(encoding?: string): string;
  readonly sub_type?: number;
}

function isBson(value: object): value is BsonValue {
  return typeof Reflect.get(value, '_bsontype') === 'string';
}

function bsonKey(id: BsonValue): string | undefined {
  switch (id._bsontype) {
    case 'ObjectId':
    case 'ObjectID':
      return `objectId ${id.toHexString?.() ?? id.toString()}`;
    case 'Binary':
      return `binary ${id.sub_type} ${id.toString('hex')}`;
    case 'Long':
      return `long ${id.toString()}`;
    default:
      return undefined;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null; // that of another realm is another object
}

/** Keeps the order of members, which matters to MongoDB, too. */
function documentKey(document: object): string | undefined {
  const members = Object.entries(document).map(([name, value]) => [JSON.stringify(name), idKey(value)]);
  if (members.some(([, key]) => key === undefined)) return undefined;
  return `{${members.map((member) => member.join(':')).join()}}`;
}
