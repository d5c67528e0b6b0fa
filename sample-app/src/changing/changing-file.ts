import { Injectable, type OnModuleInit } from '@nestjs/common';
import { fileSource, type RangeSource } from 'nestjs-range';
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SCRATCH } from '../folders.js';

const FOLDER = join(SCRATCH, 'changing');
const LINES = 60_000;

interface Version {
  readonly number: number;
  readonly path: string;
  /** As in a Repr-Digest field. */
  readonly digest: string;
}

/** A file that anybody can change. Every line names its version, so that a mixture of two would show. */
@Injectable()
export class ChangingFile implements OnModuleInit {
  private current: Version | undefined;

  onModuleInit(): Promise<number> {
    return this.change();
  }

  /** Writes the next version, and returns its number. Downloads of the previous one go on to their end. */
  async change(): Promise<number> {
    const before = this.current;
    const number = (before?.number ?? 0) + 1;
    const lines = Array.from({ length: LINES }, (_, line) => `version ${number}, line ${line + 1}: as it was then\n`);
    const text = lines.join('');
    const path = join(FOLDER, `${number}.txt`);
    await mkdir(FOLDER, { recursive: true });
    await writeFile(path, text);
    const digest = `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;
    this.current = { number, path, digest };
    if (before !== undefined) await rm(before.path);
    return number;
  }

  /** With the digest of the whole file, whatever part of it is sent: RFC 9530 §3. */
  get source(): RangeSource {
    const { path, digest } = this.version;
    const file = fileSource(path);
    return {
      resolve: async (signal) => ({ ...(await file.resolve(signal)), headers: { 'repr-digest': digest } }),
    };
  }

  private get version(): Version {
    if (this.current === undefined) throw new Error('the file is written when the module starts');
    return this.current;
  }
}
