import { Controller, Get, NotFoundException, Param, StreamableFile } from '@nestjs/common';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MEDIA, MEDIA_TYPES } from './folders.js';

/** The same files as Nest alone sends them, for comparison: always 200, always all of it. */
@Controller('plain')
export class PlainController {
  @Get(':name')
  async file(@Param('name') name: string) {
    const type = MEDIA_TYPES.get(name);
    if (type === undefined) throw new NotFoundException();
    const path = join(MEDIA, name);
    const { size } = await stat(path);
    return new StreamableFile(createReadStream(path), { type, length: size });
  }
}
