import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Ranged, RangedFile } from 'nestjs-range';
import { pace } from '../media/pace.js';
import { ChangingFile } from './changing-file.js';

@Controller('changing.txt')
export class ChangingFileController {
  constructor(private readonly file: ChangingFile) {}

  @Get()
  @Ranged({ filename: 'changing.txt', cacheControl: 'no-store' })
  read(@Query('rate') rate?: string) {
    return new RangedFile(this.file.source, pace(rate));
  }

  /** Changes the file, for everybody. */
  @Post()
  @HttpCode(200)
  async write() {
    return { version: await this.file.change() };
  }
}
