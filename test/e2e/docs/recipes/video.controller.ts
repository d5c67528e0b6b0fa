import { Controller, Get, Param } from '@nestjs/common';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';
import { MEDIA } from './media-root.js';

@Controller('video')
export class VideoController {
  @Get(':name')
  @Ranged({ disposition: 'inline' })
  play(@Param('name') name: string): RangedFile {
    return new RangedFile(fileSource(name, { root: MEDIA }));
  }
}
