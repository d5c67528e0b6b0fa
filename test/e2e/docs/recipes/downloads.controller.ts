import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';
import { FileTable } from './file-table.js';

@Controller('downloads')
export class DownloadsController {
  constructor(private readonly files: FileTable) {}

  @Get(':id')
  @Ranged({ cacheControl: 'private, no-cache' })
  async download(@Param('id') id: string): Promise<RangedFile> {
    const file = await this.files.find(id);
    if (file === undefined) throw new NotFoundException();
    return new RangedFile(fileSource(file.path), { filename: file.name, type: file.type });
  }
}
