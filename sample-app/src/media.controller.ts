import { Controller, Get, NotFoundException, Param, Query } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';
import { ApiRanged } from 'nestjs-range/swagger';
import { EXTRA, MEDIA } from './folders.js';
import { MediaSources } from './media-sources.js';
import { atRate } from './slowly.js';

/**
 * `no-store`, so that no browser's cache answers what the page wants to see asked. `?rate=` in octets a second makes the
 * network slower than it is.
 */
@Controller()
@Ranged({ disposition: 'inline', cacheControl: 'no-store' })
export class MediaController {
  constructor(private readonly sources: MediaSources) {}

  /** To be played and read in the browser. */
  @Get('media/:name')
  @ApiRanged({ type: ['video/mp4', 'audio/mpeg', 'application/pdf'], description: 'A clip, a tone or a book' })
  @ApiQuery({ name: 'rate', required: false })
  file(@Param('name') name: string, @Query('rate') rate?: string) {
    return new RangedFile(atRate(this.sources.disk(name), rate));
  }

  @Get('memory/:name')
  async memory(@Param('name') name: string, @Query('rate') rate?: string) {
    return new RangedFile(atRate(await this.sources.memory(name), rate));
  }

  /** What is being made is sent as it comes; a part of it waits for the end. */
  @Get('generated/:name')
  generated(@Param('name') name: string, @Query('page') page = '') {
    return new RangedFile(this.sources.generated(name, page));
  }

  @Get('upstream/:name')
  upstream(@Param('name') name: string, @Query('rate') rate?: string) {
    return new RangedFile(atRate(this.sources.upstream(name), rate));
  }

  @Get('s3/:name')
  s3(@Param('name') name: string, @Query('rate') rate?: string) {
    return new RangedFile(atRate(this.sources.s3(name), rate));
  }

  /** Which of these the page can choose from. */
  @Get('sources')
  available() {
    return this.sources.available;
  }

  /** To be saved. */
  @Get('download/:name')
  @ApiRanged({ type: ['video/mp4', 'audio/mpeg', 'application/pdf'], description: 'The same as an attachment' })
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
