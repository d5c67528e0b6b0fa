import { Module } from '@nestjs/common';
import { RangeModule } from 'nestjs-range';
import { MediaController } from './media.controller.js';
import { PageController } from './page.controller.js';
import { PlainController } from './plain.controller.js';

@Module({
  imports: [RangeModule.forRoot({ openFiles: 64 })],
  controllers: [PageController, MediaController, PlainController],
})
export class AppModule {}
