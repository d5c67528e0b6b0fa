import { Controller, Get, Param, Query, StreamableFile } from '@nestjs/common';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileSource, Ranged, RangedFile, RangeParser, type RangeSet } from 'nestjs-range';

const MEDIA = join(process.cwd(), 'media');

/** What an app does with the package: a plain stream, a lazily opened file, a route with nothing on it, the parser. */
@Controller()
export class MediaController {
  constructor(private readonly parser: RangeParser) {}

  @Get('stream')
  @Ranged()
  stream(): StreamableFile {
    return new StreamableFile(createReadStream(join(MEDIA, 'clip.mp4')), { type: 'video/mp4' });
  }

  @Get('file/:name')
  @Ranged({ disposition: 'inline' })
  file(@Param('name') name: string): RangedFile {
    return new RangedFile(fileSource(name, { root: MEDIA }));
  }

  @Get('undecorated')
  undecorated(): StreamableFile {
    return new StreamableFile(readFileSync(join(MEDIA, 'clip.mp4')), { type: 'video/mp4' });
  }

  @Get('left-out')
  @Ranged(false)
  leftOut(): StreamableFile {
    return new StreamableFile(readFileSync(join(MEDIA, 'clip.mp4')), { type: 'video/mp4' });
  }

  @Get('parse')
  parse(@Query('range') range: string): { rangeSet: RangeSet | null } {
    return { rangeSet: this.parser.parse(range) ?? null };
  }
}
