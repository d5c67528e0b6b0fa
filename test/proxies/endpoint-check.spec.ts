import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { checkRangedEndpoint, type Finding } from 'nestjs-range/testing';
import { FixtureDirectory, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { type FileServer, startApache, startGo, startNginx } from './file-servers.js';

jest.setTimeout(120_000); // Go compiles its library first

const BYTES = pseudoRandomBytes(200_000);
const fixtures = new FixtureDirectory();
const file = fixtures.write('clip.mp4', BYTES);
afterAll(() => fixtures.remove());

interface Row {
  readonly server: string;
  readonly start: (fixtures: FixtureDirectory, file: string) => Promise<FileServer>;
  /** What it answers against a MUST of RFC 9110. */
  readonly must: readonly string[];
  /** What it answers against a SHOULD. */
  readonly should: readonly string[];
}

const HUGE_LAST = `a last position of thirty digits: Range: bytes=100000-${'9'.repeat(24)}...`;
const HUGE_FIRST = `a first position of thirty digits: Range: bytes=${'9'.repeat(30)}-`;
const HUGE_SUFFIX = `a suffix of thirty digits: Range: bytes=-${'9'.repeat(30)}`;
const HEAD_WITH_RANGE = 'HEAD with Range: bytes=0-0';

/** Each is real: the section stands beside it. */
const ROWS: readonly Row[] = [
  {
    server: 'nginx',
    start: startNginx,
    must: [
      HUGE_LAST, // §14.1.2: integers do not overflow
      HUGE_SUFFIX, // §14.1.2
      'white space and empty elements: Range: bytes= ,0-0, ,', // §5.6.1.2: empty elements are ignored
      HEAD_WITH_RANGE, // §14.2: Range is ignored but for GET
      'If-Unmodified-Since a day before, and the tag of anything in If-Match', // §13.1.4: ignored beside If-Match
    ],
    should: [],
  },
  {
    server: 'Apache httpd',
    start: startApache,
    must: [
      HEAD_WITH_RANGE, // §14.2
      'If-Unmodified-Since a day before, and the tag of anything in If-Match', // §13.1.4
    ],
    should: [
      'a first position at the complete length: Range: bytes=200000-', // §15.5.17: 416 without Content-Range
      'a suffix of no bytes: Range: bytes=-0', // §14.2: 200 in place of 416
      'two ranges behind the end: Range: bytes=200000-,200005-', // §15.5.17
      'If-Range with the tag, and a range behind the end', // §15.5.17
    ],
  },
  {
    server: "Go's http.ServeContent",
    start: startGo,
    must: [
      HUGE_LAST, // §14.1.2
      HUGE_SUFFIX, // §14.1.2
      'a suffix of no bytes: Range: bytes=-0', // §14.4: a Content-Range that ends before it begins
      'the unit in capitals: Range: BYTES=0-0', // §14.1: units are case-insensitive
      'an unknown unit: Range: lines=0-0', // §14.2: it is ignored
      HEAD_WITH_RANGE, // §14.2
    ],
    should: [HUGE_FIRST], // §15.5.17
  },
];

describe('checkRangedEndpoint on widely used servers', () => {
  it.each(ROWS)('finds in $server what is against the RFC, and nothing else', async ({ start, must, should }) => {
    const server = await start(fixtures, file);
    const findings = await checkRangedEndpoint(server.url, { bytes: BYTES }).finally(() => server.close());
    const faultsOf = (level: Finding['level']): string[] =>
      findings.filter((finding) => !finding.ok && finding.level === level).map(({ question }) => question);
    expect(faultsOf('must')).toEqual(must);
    expect(faultsOf('should')).toEqual(should);
    expect(findings.length).toBeGreaterThan(90);
  });
});
