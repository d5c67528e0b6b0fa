import { Controller, Get } from '@nestjs/common';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';
import { zipSource } from 'nestjs-range/zip';
import { readdir } from 'node:fs/promises';

@Controller()
export class TripController {
  @Get('trip.zip')
  @Ranged()
  async trip(): Promise<RangedFile> {
    const names = (await readdir('photos')).filter((name) => name.endsWith('.jpg')).toSorted();
    const entries = names.map((name) => ({ name: `trip/${name}`, source: fileSource(name, { root: 'photos' }) }));
    return new RangedFile(zipSource(entries), { filename: 'trip.zip' });
  }
}
