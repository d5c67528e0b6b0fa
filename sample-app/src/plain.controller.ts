import { Controller, Get, Header, NotFoundException, Param, Query, StreamableFile } from '@nestjs/common';
import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { MEDIA, MEDIA_TYPES } from './folders.js';
import { parseRate } from './media/pace.js';
import { paced } from './media/paced.js';

/** The same files as Nest alone sends them, for comparison: always 200, always all of it. */
@Controller('plain')
export class PlainController {
  @Get(':name')
  @Header('Cache-Control', 'no-store')
  async file(@Param('name') name: string, @Query('rate') rate?: string) {
    const type = MEDIA_TYPES.get(name);
    if (type === undefined) throw new NotFoundException();
    const path = join(MEDIA, name);
    const { size } = await stat(path);
    return new StreamableFile(slowed(createReadStream(path), rate), { type, length: size });
  }
}

function slowed(file: ReadStream, rate: string | undefined): Readable {
  const bytesPerSecond = parseRate(rate);
  return bytesPerSecond === undefined ? file : Readable.from(paced(file, bytesPerSecond), { objectMode: false });
}
