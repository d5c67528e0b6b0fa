import { Module } from '@nestjs/common';
import { RangeModule } from 'nestjs-range';
import { AppController } from './app.controller.js';
import { AppService } from './app.service.js';
import { MediaController } from './media.controller.js';

@Module({
  imports: [RangeModule], // new
  controllers: [AppController, MediaController], // new: MediaController
  providers: [AppService],
})
export class AppModule {}
