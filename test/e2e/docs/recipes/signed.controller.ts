import { Controller, Get, Param, UseGuards } from '@nestjs/common';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';
import { MEDIA } from './media-root.js';
import { SessionGuard } from './private.controller.js';
import { SignedLinks } from './signed-links.js';

const SIX_HOURS_MS = 6 * 60 * 60 * 1000;

@Controller('signed')
export class SignedController {
  constructor(private readonly links: SignedLinks) {}

  /** Needs a login. The player needs nothing but the link. */
  @Get('link/:name')
  @UseGuards(SessionGuard)
  link(@Param('name') name: string): { url: string } {
    return { url: this.links.sign(`/signed/${encodeURIComponent(name)}`, SIX_HOURS_MS) };
  }

  @Get(':name')
  @UseGuards(SignedLinks)
  @Ranged({ disposition: 'inline', cacheControl: 'private, max-age=3600' })
  watch(@Param('name') name: string): RangedFile {
    return new RangedFile(fileSource(name, { root: MEDIA }));
  }
}
