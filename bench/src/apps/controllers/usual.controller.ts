import { Controller, Get, Headers, Req, Res, StreamableFile } from '@nestjs/common';
import { createReadStream, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { type RequestLike, type ResponseLike, setHeader } from '../http-types.js';
import { FILE, NAME, ROOT } from '../served-file.js';

/** What apps do without this package. */
@Controller()
export class UsualController {
  /** The code that is found in most of them. */
  @Get('hand-written')
  handWritten(@Req() request: RequestLike, @Res({ passthrough: true }) response: ResponseLike) {
    const { size } = statSync(FILE);
    setHeader(response, 'Accept-Ranges', 'bytes');
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (match === null) {
      setHeader(response, 'Content-Length', String(size));
      return new StreamableFile(createReadStream(FILE));
    }
    const start = Number(match[1]);
    const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
    response.statusCode = 206;
    setHeader(response, 'Content-Range', `bytes ${start}-${end}/${size}`);
    setHeader(response, 'Content-Length', String(end - start + 1));
    return new StreamableFile(createReadStream(FILE, { start, end }));
  }

  /** What docs/recipes.md shows under "Coming from hand-written code". */
  @Get('piped')
  piped(@Headers('range') range: string | undefined, @Res() response: ServerResponse & { raw?: ServerResponse }): void {
    const res = response.raw ?? response;
    const { size } = statSync(FILE);
    if (range === undefined) {
      res.writeHead(200, { 'Content-Length': size, 'Content-Type': 'video/mp4' });
      createReadStream(FILE).pipe(res);
      return;
    }
    const [first = '', last = ''] = range.replace(/bytes=/, '').split('-');
    const start = Number.parseInt(first, 10);
    const end = last === '' ? size - 1 : Number.parseInt(last, 10);
    res.writeHead(206, {
      'Content-Range': `bytes ${start}-${end}/${size}`,
      'Accept-Ranges': 'bytes',
      'Content-Length': end - start + 1,
      'Content-Type': 'video/mp4',
    });
    createReadStream(FILE, { start, end }).pipe(res);
  }

  /** What Nest itself does: the whole file, whatever is asked. */
  @Get('plain-streamable-file')
  plainStreamableFile() {
    return new StreamableFile(createReadStream(FILE));
  }

  /** `res.sendFile` of Express, `reply.sendFile` of @fastify/static. */
  @Get('send-file')
  sendFile(@Res() response: ResponseLike) {
    if (response.raw === undefined) response.sendFile(NAME, { root: ROOT, dotfiles: 'allow' });
    else response.sendFile(NAME, ROOT);
  }
}
