import { Controller, Get, Param } from '@nestjs/common';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';

@Controller('media')
export class MediaController {
  @Get(':name')
  @Ranged()
  file(@Param('name') name: string): RangedFile {
    return new RangedFile(fileSource(name, { root: 'media' }));
  }
}
