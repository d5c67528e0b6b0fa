import { Controller, Get, Module, Req, Res, StreamableFile, UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { createReadStream, statSync } from 'node:fs';
import { fileSource, Ranged, RangedFile, RangeModule, RangeResponder } from 'nestjs-range';
import type { Observable } from 'rxjs';
import type { RequestLike, ResponseLike } from './http-types.js';

/** The file that every contender serves. */
const FILE = process.env['BENCH_FILE'] ?? '';
const ROOT = FILE.slice(0, FILE.lastIndexOf('/'));
const NAME = FILE.slice(ROOT.length + 1);

class DoNothing implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@Controller()
export class Contenders {
  constructor(private readonly responder: RangeResponder) {}

  @Get('floor')
  @UseInterceptors(DoNothing)
  floor() {
    return '';
  }

  @Get('ranged-file')
  @Ranged()
  rangedFile() {
    return new RangedFile(fileSource(FILE));
  }

  @Get('streamable-file')
  @Ranged()
  streamableFile() {
    return new StreamableFile(createReadStream(FILE));
  }

  @Get('responder')
  responderSend(@Req() request: unknown, @Res() response: unknown) {
    return this.responder.send(request, response, new RangedFile(fileSource(FILE)));
  }

  /** What apps write by hand. */
  @Get('hand-written')
  handWritten(@Req() request: RequestLike, @Res({ passthrough: true }) response: ResponseLike) {
    const { size } = statSync(FILE);
    const header = (name: string, value: string) =>
      response.raw === undefined ? response.setHeader(name, value) : response.header(name, value);
    header('Accept-Ranges', 'bytes');
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (match === null) {
      header('Content-Length', String(size));
      return new StreamableFile(createReadStream(FILE));
    }
    const start = Number(match[1]);
    const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
    response.status(206);
    header('Content-Range', `bytes ${start}-${end}/${size}`);
    header('Content-Length', String(end - start + 1));
    return new StreamableFile(createReadStream(FILE, { start, end }));
  }

  /** `res.sendFile` of Express, `reply.sendFile` of @fastify/static. */
  @Get('send-file')
  sendFile(@Res() response: ResponseLike) {
    if (response.raw === undefined) response.sendFile(NAME, { root: ROOT, dotfiles: 'allow' });
    else response.sendFile(NAME, ROOT);
  }
}

@Module({
  imports: [RangeModule.forRoot({ openFiles: Number(process.env['BENCH_OPEN_FILES'] ?? 100) })],
  controllers: [Contenders],
})
export class ContendersModule {}
