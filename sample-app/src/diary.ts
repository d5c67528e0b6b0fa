import { Injectable, type OnModuleInit } from '@nestjs/common';
import { fileSource, type RangeSource } from 'nestjs-range';
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SCRATCH } from './folders.js';

const LINES = 60_000;

interface Version {
  readonly number: number;
  readonly path: string;
  /** As in a Repr-Digest field. */
  readonly digest: string;
}

/** A file that changes when somebody wants it to; every line of it tells its version, so that a mixture would show. */
@Injectable()
export class Diary implements OnModuleInit {
  private current: Version | undefined;

  onModuleInit(): Promise<number> {
    return this.change();
  }

  /** Writes another version; its number. Who is getting the one before gets that to its end. */
  async change(): Promise<number> {
    const before = this.current;
    const number = (before?.number ?? 0) + 1;
    const text = Array.from({ length: LINES }, (_, line) => `version ${number}, line ${line + 1}: as it was then\n`);
    const path = join(SCRATCH, 'diary', `${number}.txt`);
    await mkdir(join(SCRATCH, 'diary'), { recursive: true });
    await writeFile(path, text);
    const digest = `sha-256=:${createHash('sha256').update(text.join('')).digest('base64')}:`;
    this.current = { number, path, digest };
    if (before !== undefined) await rm(before.path);
    return number;
  }

  /** With the digest of the whole, whatever part of it is sent: RFC 9530 §3. */
  get source(): RangeSource {
    const { path, digest } = this.version;
    const file = fileSource(path);
    return {
      resolve: async (signal) => ({ ...(await file.resolve(signal)), fields: { 'repr-digest': digest } }),
    };
  }

  private get version(): Version {
    if (this.current === undefined) throw new Error('the diary is written when the module starts');
    return this.current;
  }
}
