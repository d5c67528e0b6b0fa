import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { RangeModule } from 'nestjs-range';
import { DiaryController } from './diary.controller.js';
import { Diary } from './diary.js';
import { MediaSources } from './media-sources.js';
import { MediaController } from './media.controller.js';
import { PageController } from './page.controller.js';
import { PlainController } from './plain.controller.js';
import { s3Bucket } from './s3-bucket.js';
import { TrafficController } from './traffic.controller.js';
import { Traffic } from './traffic.js';

@Module({
  imports: [RangeModule.forRoot({ openFiles: 64 })],
  controllers: [PageController, MediaController, PlainController, DiaryController, TrafficController],
  providers: [MediaSources, Diary, Traffic, s3Bucket],
})
export class AppModule implements NestModule {
  constructor(private readonly traffic: Traffic) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(this.traffic.watch).forRoutes('{*path}');
  }
}
