import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';
import { EXTRA, MEDIA } from './folders.js';
import { MediaSources } from './media-sources.js';

@Controller()
@Ranged({ disposition: 'inline' })
export class MediaController {
  constructor(private readonly sources: MediaSources) {}

  /** To be played and read in the browser. */
  @Get('media/:name')
  file(@Param('name') name: string) {
    return new RangedFile(this.sources.disk(name));
  }

  @Get('memory/:name')
  async memory(@Param('name') name: string) {
    return new RangedFile(await this.sources.memory(name));
  }

  @Get('upstream/:name')
  upstream(@Param('name') name: string) {
    return new RangedFile(this.sources.upstream(name));
  }

  @Get('s3/:name')
  s3(@Param('name') name: string) {
    return new RangedFile(this.sources.s3(name));
  }

  /** Which of these the page can choose from. */
  @Get('sources')
  available() {
    return this.sources.available;
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
