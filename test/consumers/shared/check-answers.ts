import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Fails unless the app at `origin` answers as the package promises, byte by byte. */
export async function checkAnswers(origin: string, appInterceptor: boolean): Promise<void> {
  const content = readFileSync(join(process.cwd(), 'media', 'clip.mp4'));
  const ask = async (path: string, headers: Record<string, string>): Promise<Answer> => {
    const response = await fetch(`${origin}/${path}`, { headers });
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body };
  };

  for (const path of ['stream', 'file/clip.mp4', ...(appInterceptor ? ['undecorated'] : [])]) {
    await checkRanges(path, content, ask);
  }
  for (const path of ['stream', 'file/clip.mp4']) await checkValidators(path, ask);

  for (const path of ['left-out', ...(appInterceptor ? [] : ['undecorated'])]) {
    const answer = await ask(path, { range: 'bytes=0-1' });
    equal(answer.status, 200, path);
    ok(answer.body.equals(content), path);
  }
  equal((await ask('file/missing.mp4', { range: 'bytes=0-1' })).status, 404);

  const parsed = await ask('parse?range=bytes%3D0-1,-5', {});
  deepEqual(JSON.parse(parsed.body.toString()), { rangeSet: [{ firstPos: 0, lastPos: 1 }, { suffixLength: 5 }] });
}

type Ask = (path: string, headers: Record<string, string>) => Promise<Answer>;

async function checkRanges(path: string, content: Buffer, ask: Ask): Promise<void> {
  const size = content.length;
  const whole = await ask(path, {});
  equal(whole.status, 200, path);
  equal(whole.headers.get('accept-ranges'), 'bytes', path);
  ok(whole.body.equals(content), path);

  const singles: readonly [range: string, firstPos: number, lastPos: number][] = [
    ['bytes=0-1', 0, 1],
    ['bytes=-500', size - 500, size - 1],
    ['bytes=70000-200000', 70_000, 200_000],
    [`bytes=10-${size + 10}`, 10, size - 1],
  ];
  for (const [range, firstPos, lastPos] of singles) {
    const part = await ask(path, { range });
    equal(part.status, 206, `${path} ${range}`);
    equal(part.headers.get('content-range'), `bytes ${firstPos}-${lastPos}/${size}`);
    equal(part.headers.get('content-length'), String(lastPos - firstPos + 1));
    equal(part.headers.get('content-type'), 'video/mp4');
    ok(part.body.equals(content.subarray(firstPos, lastPos + 1)), `${path} ${range}`);
  }

  const beyond = await ask(path, { range: `bytes=${size}-` });
  equal(beyond.status, 416, path);
  equal(beyond.headers.get('content-range'), `bytes */${size}`);

  const several = await ask(path, { range: 'bytes=0-9,1000-1999' });
  equal(several.status, 206, path);
  equal(several.headers.get('content-length'), String(several.body.length));
  deepEqual(readParts(several), [
    [`bytes 0-9/${size}`, content.subarray(0, 10).toString('latin1')],
    [`bytes 1000-1999/${size}`, content.subarray(1000, 2000).toString('latin1')],
  ]);
}

async function checkValidators(path: string, ask: Ask): Promise<void> {
  const etag = (await ask(path, {})).headers.get('etag') ?? '';
  match(etag, /^"[^"]+"$/, `${path}: a strong entity tag`);

  const unchanged = await ask(path, { 'if-none-match': etag });
  equal(unchanged.status, 304, path);
  equal(unchanged.headers.get('etag'), etag);
  equal(unchanged.body.length, 0);

  equal((await ask(path, { range: 'bytes=0-1', 'if-range': etag })).status, 206, path);
  equal((await ask(path, { range: 'bytes=0-1', 'if-range': '"another"' })).status, 200, path);
}

function readParts({ headers, body }: Answer): (readonly [contentRange: string | undefined, bytes: string])[] {
  const [, boundary] = /^multipart\/byteranges; ?boundary="?([^"]+)"?$/.exec(headers.get('content-type') ?? '') ?? [];
  const sections = `\r\n${body.toString('latin1').replace(/^\r\n/, '')}`.split(`\r\n--${boundary}`);
  equal(sections.shift(), '', 'nothing precedes the first boundary');
  match(sections.pop() ?? '', /^--(\r\n)?$/, 'the last boundary closes');
  return sections.map((section) => {
    const headEnd = section.indexOf('\r\n\r\n');
    const [, contentRange] = /\r\ncontent-range: (.*)/i.exec(section.slice(0, headEnd)) ?? [];
    return [contentRange, section.slice(headEnd + 4)] as const;
  });
}
