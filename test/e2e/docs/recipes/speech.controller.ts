import { Controller, Get, Query } from '@nestjs/common';
import { generatedSource, Ranged, RangedFile } from 'nestjs-range';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesise } from './synthesise.js';

@Controller('speech')
export class SpeechController {
  @Get()
  @Ranged({ disposition: 'inline' })
  say(@Query('text') text = ''): RangedFile {
    return new RangedFile(
      generatedSource({
        key: text,
        generate: (signal) => synthesise(text, signal),
        type: 'audio/wav',
        dir: process.env['SPEECH'] ?? join(tmpdir(), 'speech'),
        maxBytes: 512 * 1024 * 1024,
      }),
    );
  }
}
