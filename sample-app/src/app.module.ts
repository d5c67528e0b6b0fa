import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { RangeModule } from 'nestjs-range';
import { ChangingFileController } from './changing/changing-file.controller.js';
import { ChangingFile } from './changing/changing-file.js';
import { MediaSources } from './media/media-sources.js';
import { MediaController } from './media/media.controller.js';
import { pageFolders } from './page-folders.js';
import { PlainController } from './plain.controller.js';
import { RepositoryController } from './repository/repository.controller.js';
import { s3Bucket } from './media/s3-bucket.js';
import { TrafficController } from './traffic/traffic.controller.js';
import { Traffic } from './traffic/traffic.js';

@Module({
  imports: [RangeModule.forRoot({ openFiles: 64 }), ...pageFolders],
  controllers: [MediaController, PlainController, ChangingFileController, TrafficController, RepositoryController],
  providers: [MediaSources, ChangingFile, Traffic, s3Bucket],
})
export class AppModule implements NestModule {
  constructor(private readonly traffic: Traffic) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(this.traffic.watch).forRoutes('{*path}');
  }
}
