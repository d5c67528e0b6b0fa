import { describe, expect, it } from '@jest/globals';
import { namesMediaType } from '../../../src/http/headers/accept.js';

describe('whether Accept names text/html itself (RFC 9110 §12.5.1)', () => {
  it.each<[sentence: string, value: string | undefined, expected: boolean]>([
    ['what browsers send', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
    ['in any case, with space around it', 'application/json , TEXT/HTML', true],
    ['with parameters and a weight', 'text/html ; level=1 ; q=0.001', true],
    ['a weight of 0 means: not acceptable', 'text/html;q=0', false],
    ['so does 0.000', 'text/html; Q=0.000, */*', false],
    ['a wildcard names nothing', '*/*, text/*', false],
    ['nor does the beginning of another type', 'text/html5, x-text/html', false],
    ['an empty field', '', false],
    ['no field', undefined, false],
  ])('%s', (_, value, expected) => {
    expect(namesMediaType(value, 'text/html')).toBe(expected);
  });
});
