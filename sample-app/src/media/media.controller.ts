import { Controller, Get, NotFoundException, Param, Query } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';
import { ApiRanged } from 'nestjs-range/swagger';
import { zipSource } from 'nestjs-range/zip';
import { EXTRA, MEDIA, MEDIA_TYPES } from '../folders.js';
import { MediaSources } from './media-sources.js';
import { pace } from './pace.js';

/** `no-store`: otherwise the browser's cache would answer requests that the page wants to show. */
@Controller()
@Ranged({ disposition: 'inline', cacheControl: 'no-store' })
export class MediaController {
  constructor(private readonly sources: MediaSources) {}

  /** To be played and read in the browser. */
  @ApiRanged({ type: ['video/mp4', 'audio/mpeg', 'application/pdf'], description: 'A clip, a tone or a book' })
  @ApiQuery({ name: 'rate', required: false, description: 'Bytes per second' })
  @Get('media/:name')
  @Ranged()
  file(@Param('name') name: string, @Query('rate') rate?: string) {
    return new RangedFile(fileSource(name, { root: MEDIA }), pace(rate));
  }

  @Get('memory/:name')
  @Ranged()
  async memory(@Param('name') name: string, @Query('rate') rate?: string) {
    return new RangedFile(await this.sources.memory(name), pace(rate));
  }

  /** What is being made is sent as it comes; a part of it waits for the end. */
  @Get('generated/:name')
  @Ranged()
  generated(@Param('name') name: string, @Query('page') page = '', @Query('rate') rate?: string) {
    return new RangedFile(this.sources.generated(name, page), pace(rate));
  }

  @Get('upstream/:name')
  @Ranged()
  upstream(@Param('name') name: string, @Query('rate') rate?: string) {
    return new RangedFile(this.sources.upstream(name), pace(rate));
  }

  @Get('s3/:name')
  @Ranged()
  s3(@Param('name') name: string, @Query('rate') rate?: string) {
    return new RangedFile(this.sources.s3(name), pace(rate));
  }

  /** Which of these the page can choose from. */
  @Get('sources')
  available() {
    return this.sources.available;
  }

  /** All of it, to be saved: it can be paused and resumed as one file can. */
  @ApiRanged({ type: 'application/zip', description: 'The clips, the tone and the book in an archive' })
  @Get('download/media.zip')
  @Ranged({ disposition: 'attachment', filename: 'media.zip' })
  archive(@Query('rate') rate?: string) {
    const entries = [...MEDIA_TYPES.keys()].map((name) => ({ name, source: fileSource(name, { root: MEDIA }) }));
    return new RangedFile(zipSource(entries), pace(rate));
  }

  /** To be saved. */
  @ApiRanged({ type: ['video/mp4', 'audio/mpeg', 'application/pdf'], description: 'The same as an attachment' })
  @Get('download/:name')
  @Ranged()
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
