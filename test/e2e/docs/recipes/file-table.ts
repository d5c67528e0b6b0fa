import { Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { MEDIA } from './media-root.js';

/** What an app knows of a file, from its database. */
export interface FileRow {
  readonly path: string;
  readonly name: string;
  readonly type: string;
}

/** Stands for the app's own table. */
@Injectable()
export class FileTable {
  private readonly rows = new Map<string, FileRow>([
    ['7', { path: join(MEDIA, 'clip.mp4'), name: 'Übersicht – “Q3”.mp4', type: 'video/mp4' }],
  ]);

  async find(id: string): Promise<FileRow | undefined> {
    return this.rows.get(id);
  }
}
