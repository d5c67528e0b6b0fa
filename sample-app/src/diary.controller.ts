import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Ranged, RangedFile } from 'nestjs-range';
import { Diary } from './diary.js';
import { atRate } from './slowly.js';

@Controller('diary.txt')
@Ranged({ disposition: 'attachment', filename: 'diary.txt', cacheControl: 'no-store' })
export class DiaryController {
  constructor(private readonly diary: Diary) {}

  @Get()
  read(@Query('rate') rate?: string) {
    return new RangedFile(atRate(this.diary.source, rate));
  }

  /** Changes the file, for everybody. */
  @Post()
  @HttpCode(200)
  async write() {
    return { version: await this.diary.change() };
  }
}
