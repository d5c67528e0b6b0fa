import { describe, expect, it } from '@jest/globals';
import { preferredCodings } from '../../../src/http/headers/accept-encoding.js';

const AVAILABLE = ['br', 'zstd', 'gzip'];

type Row = readonly [name: string, headerValue: string | undefined, expected: readonly string[]];

describe('preferredCodings', () => {
  it.each<Row>([
    ['of the five examples of the RFC, the first takes gzip', 'compress, gzip', ['gzip', 'identity']],
    ['the second, which is empty, takes no coding', '', ['identity']],
    ['the third takes any coding', '*', ['br', 'zstd', 'gzip', 'identity']],
    ['the fourth takes gzip', 'compress;q=0.5, gzip;q=1.0', ['gzip', 'identity']],
    ['the fifth takes gzip rather than none', 'gzip;q=1.0, identity; q=0.5, *;q=0', ['gzip', 'identity']],
  ])('%s', (_, headerValue, expected) => {
    expect(preferredCodings(headerValue, AVAILABLE)).toEqual(expected);
  });

  it.each<Row>([
    ['no field is a client that knows no coding', undefined, ['identity']],
    ['a browser has no preference, so that ours counts', 'gzip, deflate, br, zstd', ['br', 'zstd', 'gzip', 'identity']],
    ['a weight counts more than our order', 'br;q=0.5, gzip;q=0.8', ['gzip', 'br', 'identity']],
    ['weights differ in the third decimal', 'br;q=0.998, gzip;q=0.999', ['gzip', 'br', 'identity']],
    ['the weight 0 refuses', 'br;q=0, gzip', ['gzip', 'identity']],
    ['the weight 0.000 refuses too', 'br;q=0.000, gzip', ['gzip', 'identity']],
    ['the smallest weight does not refuse', 'gzip;q=0.001', ['gzip', 'identity']],
    ['identity may be refused by its name', 'gzip, identity;q=0', ['gzip']],
    ['identity may be refused by an asterisk', 'gzip, *;q=0', ['gzip']],
    ['identity that is named is not refused by an asterisk', 'identity, *;q=0', ['identity']],
    ['everything may be refused', '*;q=0', []],
    ['identity may be wanted more than a coding', 'gzip;q=0.5, identity', ['identity', 'gzip']],
    ['of equal weights a coding comes before identity', 'identity, gzip', ['gzip', 'identity']],
    ['identity that nobody names comes last', 'gzip;q=0.1', ['gzip', 'identity']],
    ['an asterisk means what is not named', 'br;q=0.1, *;q=0.5', ['zstd', 'gzip', 'identity', 'br']],
    ['as media elements ask', 'identity;q=1, *;q=0', ['identity']],
    ['names have no case', 'GZip;Q=1, BR;q=0', ['gzip', 'identity']],
    ['x-gzip is gzip', 'x-gzip', ['gzip', 'identity']],
    ['other codings mean nothing here', 'deflate, compress, sdch', ['identity']],
    [
      'white space may stand around everything but the equals sign',
      ' \tbr\t ; \tq=0.5 ,, gzip ',
      ['gzip', 'br', 'identity'],
    ],
    ['of a coding that stands there twice, the lower weight counts', 'gzip, gzip;q=0, br', ['br', 'identity']],
    ['also by its other name', 'gzip, x-gzip;q=0, br', ['br', 'identity']],
  ])('%s', (_, headerValue, expected) => {
    expect(preferredCodings(headerValue, AVAILABLE)).toEqual(expected);
  });

  it.each([
    'br;q=2',
    'br;q=1.001',
    'br;q=0.1234',
    'br;q=-1',
    'br;q=',
    'br;q',
    'br;q=.5',
    'br;q=1e0',
    'br;q = 1',
    'br;q=1;q=0',
    'br;level=1',
    'br q=1',
    'b r',
    '"br"',
    'br/gzip',
    'br;q=NaN',
    'br;q=١',
    '\u00a0br',
  ])('a member that breaks the grammar is passed over: %s', (member) => {
    expect(preferredCodings(`${member}, gzip`, AVAILABLE)).toEqual(['gzip', 'identity']);
  });

  it('a field that is too long is taken for none', () => {
    const within = `gzip${' '.repeat(1020)}`;
    expect(preferredCodings(within, AVAILABLE)).toEqual(['gzip', 'identity']);
    expect(preferredCodings(`${within} `, AVAILABLE)).toEqual(['identity']);
  });

  it('nothing but identity is asked for where nothing else is there', () => {
    expect(preferredCodings('gzip, br', [])).toEqual(['identity']);
    expect(preferredCodings('gzip, *;q=0', [])).toEqual([]);
  });
});
