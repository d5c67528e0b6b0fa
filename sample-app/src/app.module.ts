import { Module } from '@nestjs/common';
import { RangeModule } from 'nestjs-range';
import { MediaSources } from './media-sources.js';
import { MediaController } from './media.controller.js';
import { PageController } from './page.controller.js';
import { PlainController } from './plain.controller.js';
import { s3Bucket } from './s3-bucket.js';

@Module({
  imports: [RangeModule.forRoot({ openFiles: 64 })],
  controllers: [PageController, MediaController, PlainController],
  providers: [MediaSources, s3Bucket],
})
export class AppModule {}
