import { Controller, Get, Param } from '@nestjs/common';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';
import { PUBLIC } from './folders.js';

@Controller()
@Ranged({ cacheControl: 'no-cache' })
export class PageController {
  @Get()
  page() {
    return new RangedFile(fileSource('index.html', { root: PUBLIC }));
  }

  @Get('page/:name')
  part(@Param('name') name: string) {
    return new RangedFile(fileSource(name, { root: PUBLIC }));
  }
}
