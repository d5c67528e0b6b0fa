import { Controller, Get, Param } from '@nestjs/common';
import { Ranged, RangedFile, redirectSource } from 'nestjs-range';
import { Signer } from './signer.js';

@Controller('tickets')
@Ranged()
export class TicketsController {
  constructor(private readonly signer: Signer) {}

  @Get(':key')
  ticket(@Param('key') key: string): RangedFile {
    return new RangedFile(redirectSource(() => this.signer.sign(key)));
  }
}
