// What the visitors of the examples do.
import { deepEqual, equal, match } from 'node:assert/strict';

export async function checkVideoSite(origin, file, bytes) {
  const page = await (await fetch(origin)).text();
  const [, url] = /<video src="([^"]+)"/.exec(page) ?? [];
  match(page, new RegExp(`<h2>${file}</h2>`));
  await checkRanges(`${origin}${url}`, bytes);
  await checkStatus(`${origin}/videos/..%2fpackage.json`, 404);
}

export async function checkDownloads(origin, file, bytes) {
  await checkStatus(`${origin}/files`, 401);
  await checkStatus(`${origin}/files/${encodeURIComponent(file)}`, 401);
  equal((await logIn(origin, 'wrong')).status, 401);

  const answer = await logIn(origin, 'open sesame');
  equal(answer.status, 303);
  const headers = { Cookie: answer.headers.get('set-cookie').split(';')[0] };
  const [{ name, link }] = await (await fetch(`${origin}/files`, { headers })).json();
  equal(name, file);
  await checkRanges(`${origin}/files/${encodeURIComponent(file)}`, bytes, headers);
  const { headers: sent } = await checkRanges(`${origin}${link}`, bytes);
  match(sent.get('content-disposition'), /^attachment; filename="clip one\.mp4"/);

  const [path, ticket] = link.split('?');
  await checkStatus(`${origin}/files/other.mp4?${ticket}`, 401);
  await checkStatus(`${origin}${path}?${ticket.replace(/\d+/, (expires) => Number(expires) + 1)}`, 401);
  await checkStatus(`${origin}${path}?ticket=`, 401);
  equal(
    (await fetch(`${origin}/files`, { headers: { Cookie: `session=${ticket.slice('ticket='.length)}` } })).status,
    401,
  );
}

export async function checkS3Media(origin, file, bytes) {
  deepEqual(await (await fetch(`${origin}/media`)).json(), [
    { key: file, size: bytes.length, url: `/media/${encodeURIComponent(file)}` },
  ]);
  await checkRanges(`${origin}/media/${encodeURIComponent(file)}`, bytes);
  await checkStatus(`${origin}/media/none.mp4`, 404);
}

export async function checkFrontEnd(origin, file, bytes) {
  for (const path of ['/', '/albums/3']) {
    const page = await fetch(`${origin}${path}`, { headers: { Accept: 'text/html' } });
    match(await page.text(), /<h1>Tracks<\/h1>/);
  }
  equal((await fetch(`${origin}/tracks.js`)).headers.get('content-type'), 'text/javascript; charset=utf-8');
  const [{ name, url }] = await (await fetch(`${origin}/api/tracks`)).json();
  equal(name, file);
  await checkRanges(`${origin}${url}`, bytes);
  await checkStatus(`${origin}/api/tracks/none.mp3`, 404);
}

function logIn(origin, password) {
  return fetch(`${origin}/login`, { method: 'POST', body: new URLSearchParams({ password }), redirect: 'manual' });
}

/** A jump, and a download that broke off and is resumed; the answer to the first. */
async function checkRanges(url, bytes, headers = {}) {
  const jump = await fetch(url, { headers: { ...headers, Range: 'bytes=100000-100099' } });
  equal(jump.status, 206);
  equal(jump.headers.get('content-range'), `bytes 100000-100099/${bytes.length}`);
  equal(Buffer.compare(Buffer.from(await jump.arrayBuffer()), bytes.subarray(100_000, 100_100)), 0);

  const etag = jump.headers.get('etag');
  match(etag, /^"/);
  const rest = await fetch(url, { headers: { ...headers, Range: 'bytes=200000-', 'If-Range': etag } });
  equal(rest.status, 206);
  equal(Buffer.compare(Buffer.from(await rest.arrayBuffer()), bytes.subarray(200_000)), 0);
  return jump;
}

async function checkStatus(url, expected) {
  const { status } = await fetch(url);
  equal(status, expected, url);
}
