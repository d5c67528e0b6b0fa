import { Controller, Get, Inject, Req, Res, StreamableFile } from '@nestjs/common';
import { createReadStream } from 'node:fs';
import { fileSource, Ranged, RangedFile, RangeResponder } from 'nestjs-range';
import { zipSource } from 'nestjs-range/zip';
import { FILE, NAME } from '../served-file.js';

/** This package, in the three forms an app may use it in. */
@Controller()
export class RangedController {
  constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

  @Get('ranged-file')
  @Ranged()
  rangedFile() {
    return new RangedFile(fileSource(FILE));
  }

  @Get('streamable-file')
  @Ranged()
  streamableFile() {
    return new StreamableFile(createReadStream(FILE));
  }

  /** The file alone in an archive: what that costs is the CRC, and a few records around it. */
  @Get('archive')
  @Ranged()
  archive() {
    return new RangedFile(zipSource([{ name: NAME, source: fileSource(FILE) }]));
  }

  /** The same where nobody knows the CRC yet: each request has a store of its own, and so a memory. */
  @Get('archive-first')
  @Ranged()
  archiveFirst() {
    const crcs = { get: () => undefined, set: () => {} };
    return new RangedFile(zipSource([{ name: NAME, source: fileSource(FILE) }], { crcs }));
  }

  @Get('responder')
  responderSend(@Req() request: unknown, @Res() response: unknown) {
    return this.responder.send(request, response, new RangedFile(fileSource(FILE)));
  }
}
