import { Controller, Get, Header, Param, StreamableFile } from '@nestjs/common';
import { fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { type LossyLine, openLossyLine } from '../support/connections/lossy-line.js';
import { ADAPTERS, type AdapterName, startApp, type TestApp } from '../support/apps/test-app.js';
import type { Case } from './cases.js';
import { playerUser } from './player-user.js';

const MEDIA = process.env['PLAYERS_MEDIA'] ?? '';
const TYPES: Readonly<Record<string, string>> = { '.mp4': 'video/mp4', '.mp3': 'audio/mpeg' };

/** Apps on both adapters that serve the media, and room to write what comes of them. */
export interface MediaSite {
  /** Opens a line for one case; each has a file of its own if it is to be fresh. */
  open(of: Pick<Case, 'adapter' | 'result' | 'age'>, name: string): Promise<Visit>;
  /** Where a file lies. */
  original(name: string): string;
  /** Makes an empty folder that the players may write to. */
  folder(): Promise<string>;
  /** Ends the apps and removes the folders. @throws Error when an app logged a warning or an error */
  close(): Promise<void>;
}

/** Its line closes with the site: browsers keep their connections. */
export interface Visit extends Omit<LossyLine, 'close'> {
  readonly fileUrl: string;
  readonly pageUrl: string;
}

/** @param folder where the files lie; default: the media that were made before all specs */
export async function openMediaSite(folder = MEDIA): Promise<MediaSite> {
  const root = await mkdtemp(join(tmpdir(), 'nestjs-range-players-'));
  const apps = new Map<AdapterName, TestApp>();
  for (const adapter of ADAPTERS) {
    apps.set(
      adapter,
      await startApp(adapter, { imports: [RangeModule], controllers: [mediaController(folder, root)] }),
    );
  }
  const lines: LossyLine[] = [];
  return {
    original: (name) => join(folder, name),
    folder: () => playerUser().folderIn(root),
    open: async ({ adapter, result, age }, name) => {
      const line = await openLossyLine(`http://127.0.0.1:${apps.get(adapter)?.port}`);
      const visit = lines.push(line);
      const fileUrl = `${line.url}/${result}/${age}/${visit}/${name}`;
      return { ...line, fileUrl, pageUrl: `${line.url}/page` };
    },
    close: async () => {
      for (const app of apps.values()) await app.close();
      for (const line of lines) await line.close();
      await rm(root, { recursive: true });
      const complaints = [...apps.values()].flatMap(({ log }) => log.complaints);
      if (complaints.length > 0) throw new Error(`The apps complained:\n${complaints.join('\n')}`);
    },
  };
}

function mediaController(folder: string, root: string): new () => object {
  const written = new Map<string, Promise<string>>();

  /** What is fresh is written when it is first asked for: it has not settled when the answer is made. */
  function pathOf(age: string, visit: string, name: string): string | Promise<string> {
    if (age === 'settled') return join(folder, name);
    const path = written.get(visit) ?? write(join(root, 'fresh', visit), name);
    written.set(visit, path);
    return path;
  }

  async function write(visitFolder: string, name: string): Promise<string> {
    await mkdir(visitFolder, { recursive: true });
    await copyFile(join(folder, name), join(visitFolder, name));
    return join(visitFolder, name);
  }

  @Controller()
  class MediaController {
    @Get('RangedFile/:age/:visit/:name')
    @Ranged()
    async rangedFile(@Param('age') age: string, @Param('visit') visit: string, @Param('name') name: string) {
      return new RangedFile(fileSource(await pathOf(age, visit, name)));
    }

    @Get('StreamableFile/:age/:visit/:name')
    @Ranged()
    async streamableFile(@Param('age') age: string, @Param('visit') visit: string, @Param('name') name: string) {
      const type = TYPES[extname(name)] ?? 'application/octet-stream';
      return new StreamableFile(createReadStream(await pathOf(age, visit, name)), { type });
    }

    @Get('page')
    @Header('Content-Type', 'text/html; charset=utf-8')
    page() {
      return '<!doctype html><title>player</title><link rel="icon" href="data:,"><body>';
    }
  }
  return MediaController;
}
