import { type CanActivate, Controller, type ExecutionContext, Get, Injectable, Param, UseGuards } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { fileSource, Ranged, RangedFile } from 'nestjs-range';
import { MEDIA } from './media-root.js';

/** Stands for your guard. A `<video>` sends cookies, but no Authorization header. */
@Injectable()
export class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
    return headers.cookie?.split('; ').includes('session=open') ?? false;
  }
}

@Controller('private')
@UseGuards(SessionGuard)
@Ranged({ disposition: 'inline', cacheControl: 'private, max-age=3600', crossOriginResourcePolicy: 'same-origin' })
export class PrivateController {
  @Get(':name')
  watch(@Param('name') name: string): RangedFile {
    return new RangedFile(fileSource(name, { root: MEDIA }));
  }
}
