import { Controller, Get, Req, Res, StreamableFile } from '@nestjs/common';
import { createReadStream, statSync } from 'node:fs';
import { type RequestLike, type ResponseLike, setField } from './http-types.js';
import { FILE, NAME, ROOT } from './served-file.js';

/** What apps do without this package. */
@Controller()
export class UsualController {
  /** The code that is found in most of them. */
  @Get('hand-written')
  handWritten(@Req() request: RequestLike, @Res({ passthrough: true }) response: ResponseLike) {
    const { size } = statSync(FILE);
    setField(response, 'Accept-Ranges', 'bytes');
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (match === null) {
      setField(response, 'Content-Length', String(size));
      return new StreamableFile(createReadStream(FILE));
    }
    const start = Number(match[1]);
    const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
    response.statusCode = 206;
    setField(response, 'Content-Range', `bytes ${start}-${end}/${size}`);
    setField(response, 'Content-Length', String(end - start + 1));
    return new StreamableFile(createReadStream(FILE, { start, end }));
  }

  /** `res.sendFile` of Express, `reply.sendFile` of @fastify/static. */
  @Get('send-file')
  sendFile(@Res() response: ResponseLike) {
    if (response.raw === undefined) response.sendFile(NAME, { root: ROOT, dotfiles: 'allow' });
    else response.sendFile(NAME, ROOT);
  }
}
