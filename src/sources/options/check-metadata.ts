import { types } from 'node:util';
import { parseEntityTag } from '../../http/headers/entity-tag.js';
import { isHeaderValue, isToken } from '../../http/headers/header-value.js';
import { describe, isPlain, NOT_PLAIN } from './check-options.js';

/** Whether a value is valid metadata of an object. It may be a database row with further members. */
export function isMetadata(value: unknown): boolean {
  return faultOf(value) === undefined;
}

/** What is wrong with invalid metadata, and how to fix it, to append to the message of the check. */
export function adviceOnMetadata(value: unknown): string {
  const fault = faultOf(value);
  return fault === undefined || fault === '' ? '' : `: ${fault}`;
}

/** `undefined`: no fault. `''`: not an object. */
function faultOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const { size, type, etag, lastModified, headers } = value as Record<string, unknown>;
  return (
    faultOfSize(size) ?? faultOfType(type) ?? faultOfTag(etag) ?? faultOfDate(lastModified) ?? faultOfHeaders(headers)
  );
}

function faultOfSize(size: unknown): string | undefined {
  if (Number.isSafeInteger(size) && Number(size) >= 0) return undefined;
  const fault = `the size is ${describe(size)}, which is not a whole number from 0`;
  if (typeof size === 'string' && /^\d{1,15}$/.test(size)) {
    return `${fault} but a string; pg returns bigints as strings: write Number(row.size)`;
  }
  return typeof size === 'bigint' ? `${fault} but a bigint: write Number(row.size)` : fault;
}

function faultOfType(type: unknown): string | undefined {
  if (type === undefined || (typeof type === 'string' && isHeaderValue(type))) return undefined;
  return `the type is ${describe(type)}, which is not a media type${orNothing(type)}`;
}

function faultOfTag(etag: unknown): string | undefined {
  if (etag === undefined || (typeof etag === 'string' && parseEntityTag(etag) !== undefined)) return undefined;
  const advice = typeof etag === 'string' ? '; write it with its quotes, \'"v1"\', as the store returns it' : '';
  return `the etag is ${describe(etag)}, which is not an entity tag${advice}${orNothing(etag)}`;
}

function faultOfDate(date: unknown): string | undefined {
  if (date === undefined || (types.isDate(date) && !Number.isNaN(date.getTime()))) return undefined;
  const advice = typeof date === 'string' || typeof date === 'number' ? ': write new Date(row.lastModified)' : '';
  return `lastModified is ${describe(date)}, which is not a valid Date${advice}${orNothing(date)}`;
}

function faultOfHeaders(headers: unknown): string | undefined {
  if (headers === undefined) return undefined;
  if (headers === null) return `headers is null, which is not an object of headers${orNothing(headers)}`;
  if (!isPlain(headers)) return `headers is ${describe(headers)}, ${NOT_PLAIN}`;
  const wrong = Object.entries(headers).find(([name, value]) => {
    return !isToken(name) || typeof value !== 'string' || !isHeaderValue(value);
  });
  return wrong && `the header ${describe(wrong[0])} is ${describe(wrong[1])}, which is not a valid value`;
}

/** Advice for `null`, which databases return for unknown values. */
function orNothing(value: unknown): string {
  return value === null ? ': write ?? undefined if it may be unknown' : '';
}
