import { Controller, Get, Headers, Param, Res } from '@nestjs/common';
import { createReadStream, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { MEDIA } from './media-root.js';

@Controller('hand-written')
export class HandWrittenController {
  @Get(':name')
  play(@Param('name') name: string, @Headers('range') range: string | undefined, @Res() res: ServerResponse): void {
    const path = join(MEDIA, name);
    const { size } = statSync(path);
    if (range === undefined) {
      res.writeHead(200, { 'Content-Length': size, 'Content-Type': 'video/mp4' });
      createReadStream(path).pipe(res);
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
    createReadStream(path, { start, end }).pipe(res);
  }
}
