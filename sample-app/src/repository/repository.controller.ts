import { Controller, Get, NotFoundException, Req } from '@nestjs/common';
import { bytesSource, fileSource, Ranged, RangedFile } from 'nestjs-range';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { REPOSITORY } from '../folders.js';
import { targetOf } from '../traffic/watched-exchange.js';
import { pageOf } from './markdown-page.js';

/** What the page links to; nothing else of the clone, such as a `.env`. */
const SHOWN = /^(?:\w+\.md|LICENSE|(?:docs|src|sample-app\/(?:src|public))\/.+)$/;
/** Without dots before its end: it cannot lead out. */
const MARKDOWN = /^[\w/-]+\.md$/;
/** Express and Fastify write a wildcard differently. */
const DEPTHS = [':a', ':a/:b', ':a/:b/:c', ':a/:b/:c/:d', ':a/:b/:c/:d/:e'];
const PICTURE = /\.(?:png|webp|gif)$/;

/** The documentation as pages, and the code as text. */
@Controller('repository')
export class RepositoryController {
  @Get(DEPTHS)
  @Ranged()
  async file(@Req() request: IncomingMessage): Promise<RangedFile> {
    const path = decodeURIComponent(targetOf(request).pathname).replace('/repository/', '');
    if (!SHOWN.test(path)) throw new NotFoundException();
    if (MARKDOWN.test(path)) return markdownPage(path);
    const options = PICTURE.test(path) ? {} : { type: 'text/plain; charset=utf-8' };
    return new RangedFile(fileSource(path, { root: REPOSITORY }), options);
  }
}

async function markdownPage(path: string): Promise<RangedFile> {
  const text = await readFile(join(REPOSITORY, path), 'utf8').catch(() => undefined);
  if (text === undefined) throw new NotFoundException();
  return new RangedFile(bytesSource(Buffer.from(pageOf(text)), { type: 'text/html; charset=utf-8' }));
}
