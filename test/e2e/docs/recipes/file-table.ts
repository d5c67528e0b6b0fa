import { Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { MEDIA } from './media-root.js';

/** Stands for your database: the path, name and type of each file, by its id. */
@Injectable()
export class FileTable {
  async find(id: string): Promise<{ path: string; name: string; type: string } | undefined> {
    if (id !== '7') return undefined;
    return { path: join(MEDIA, 'clip.mp4'), name: 'Übersicht – “Q3”.mp4', type: 'video/mp4' };
  }
}
