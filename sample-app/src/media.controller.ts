import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';
import { EXTRA, MEDIA } from './folders.js';

@Controller()
@Ranged({ disposition: 'inline' })
export class MediaController {
  /** To be played and read in the browser. */
  @Get('media/:name')
  file(@Param('name') name: string) {
    return new RangedFile(fileSource(name, { root: MEDIA }));
  }

  /** To be saved. */
  @Get('download/:name')
  download(@Param('name') name: string) {
    return new RangedFile(fileSource(name, { root: MEDIA }), { disposition: 'attachment', filename: name });
  }

  /** Whatever lies in the folder MEDIA_EXTRA. */
  @Get('extra/:name')
  extra(@Param('name') name: string) {
    if (EXTRA === undefined) throw new NotFoundException();
    return new RangedFile(fileSource(name, { root: EXTRA }));
  }
}
