import 'reflect-metadata';
import { Controller, Get, Header, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { mkdir, readdir } from 'node:fs/promises';

/** Put your videos here. */
const VIDEOS = 'videos';

@Controller()
class VideosController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  async page(): Promise<string> {
    const names = (await readdir(VIDEOS)).filter((name) => /\.(?:mp4|webm|mov)$/i.test(name));
    const videos = names.map((name) => {
      const url = `/videos/${encodeURIComponent(name)}`;
      return `<h2>${escape(name)}</h2><video src="${url}" controls preload="metadata" width="640"></video>`;
    });
    return `<!doctype html><title>Videos</title><h1>Videos</h1>${videos.join('') || `<p>Put videos into ${VIDEOS}.</p>`}`;
  }

  /** Each jump in a video is a request with a Range. `name` cannot lead out of the folder. */
  @Get('videos/:name')
  @Ranged({ disposition: 'inline', cacheControl: 'private, max-age=3600' })
  video(@Param('name') name: string): RangedFile {
    return new RangedFile(fileSource(name, { root: VIDEOS }));
  }
}

@Module({ imports: [RangeModule], controllers: [VideosController] })
class AppModule {}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

await mkdir(VIDEOS, { recursive: true });
const app = await NestFactory.create(AppModule);
await app.listen(process.env['PORT'] ?? 3000);
console.log(`Videos: ${await app.getUrl()}`);
