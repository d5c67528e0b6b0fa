import 'reflect-metadata';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { fileSource, Ranged, RangedFile, RangedFolderModule, RangeModule } from 'nestjs-range';
import { mkdir, readdir } from 'node:fs/promises';

/** Put your music here. */
const MUSIC = 'music';

@Controller('api/tracks')
class TracksController {
  @Get()
  async list(): Promise<readonly { name: string; url: string }[]> {
    const names = await readdir(MUSIC);
    return names.map((name) => ({ name, url: `/api/tracks/${encodeURIComponent(name)}` }));
  }

  @Get(':name')
  @Ranged({ disposition: 'inline', cacheControl: 'private, max-age=3600' })
  track(@Param('name') name: string): RangedFile {
    return new RangedFile(fileSource(name, { root: MUSIC }));
  }
}

@Module({
  // `fallback`: the front end routes by itself, and /albums/3 is index.html, too. The API's routes come first.
  imports: [RangeModule, RangedFolderModule.forRoot({ root: 'web', fallback: 'index.html' })],
  controllers: [TracksController],
})
class AppModule {}

await mkdir(MUSIC, { recursive: true });
const app = await NestFactory.create(AppModule, new FastifyAdapter());
await app.listen(process.env['PORT'] ?? 3000, '0.0.0.0');
console.log(`Tracks: ${await app.getUrl()}`);
