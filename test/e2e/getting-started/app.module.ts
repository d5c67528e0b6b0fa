import { Module } from '@nestjs/common';
import { RangeModule } from 'nestjs-range';
import { MediaController } from './media.controller.js';

@Module({ imports: [RangeModule], controllers: [MediaController] })
export class AppModule {}
