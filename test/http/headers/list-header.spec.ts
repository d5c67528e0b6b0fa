import { describe, expect, it } from '@jest/globals';
import { joinLists } from '../../../src/http/headers/list-header.js';

describe('lists of several authors are joined, each member once (RFC 9110 §5.6.1)', () => {
  it.each<[sentence: string, name: string, lists: (string | undefined)[], expected: string | undefined]>([
    ['two lists in their order', 'vary', ['Origin', 'Accept-Encoding'], 'Origin, Accept-Encoding'],
    [
      'names in another case are the same',
      'vary',
      ['accept-encoding', 'Accept-Encoding, Origin'],
      'accept-encoding, Origin',
    ],
    ['an asterisk is all of a Vary', 'vary', ['Origin', '*'], '*'],
    ['empty elements are no members', 'vary', [' , Origin ,, ', ','], 'Origin'],
    ['one list alone', 'vary', [undefined, 'Origin'], 'Origin'],
    ['no list at all', 'vary', [undefined, ''], undefined],
    ['methods', 'allow', ['GET, HEAD', 'HEAD, OPTIONS'], 'GET, HEAD, OPTIONS'],
    [
      'a comma in a URI parts nothing',
      'link',
      ['</a,b>; rel=next', '</c>; rel=prev'],
      '</a,b>; rel=next, </c>; rel=prev',
    ],
    [
      'a comma in a quoted string parts nothing',
      'link',
      ['</a>; title="x, \\"y, z"', '</a>; title="x, \\"y, z", </b>'],
      '</a>; title="x, \\"y, z", </b>',
    ],
    ['URIs that differ in case are two', 'link', ['</A>', '</a>'], '</A>, </a>'],
    ['a quote that is not closed ends with its list', 'link', ['</a>; title="x, y', '</b>'], '</a>; title="x, y, </b>'],
  ])('%s', (_, name, lists, expected) => {
    expect(joinLists(name, ...lists)).toBe(expected);
  });
});
