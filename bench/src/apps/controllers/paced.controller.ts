import { Controller, Get, Param } from '@nestjs/common';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';
import { FILE } from '../served-file.js';

/** The file, no faster than its clients want it. */
@Controller()
export class PacedController {
  @Get('paced/:bytesPerSecond')
  @Ranged()
  paced(@Param('bytesPerSecond') bytesPerSecond: string) {
    return new RangedFile(fileSource(FILE), { rateLimit: { bytesPerSecond: Number(bytesPerSecond) } });
  }
}
