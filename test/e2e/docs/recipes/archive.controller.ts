import { Controller, Get, Param } from '@nestjs/common';
import { httpSource, Ranged, RangedFile } from 'nestjs-range';

@Controller('archive')
export class ArchiveController {
  @Get(':name')
  @Ranged({ cacheControl: 'public, max-age=86400' })
  fetch(@Param('name') name: string): RangedFile {
    const upstream = process.env['ARCHIVE'] ?? 'https://archive.example/';
    const url = new URL(encodeURIComponent(name), upstream);
    return new RangedFile(httpSource(url, { headers: { authorization: 'Bearer of-the-app' } }));
  }
}
