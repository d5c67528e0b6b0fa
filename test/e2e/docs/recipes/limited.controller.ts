import { Controller, Get, Param } from '@nestjs/common';
import { fileSource, Ranged, RangedFile, type RateLimitedRequest } from 'nestjs-range';
import { MEDIA } from './media-root.js';

/** A request after the app's guard, which sets the user. */
interface UserRequest extends RateLimitedRequest {
  readonly user?: { readonly id: string };
}

@Controller('limited')
export class LimitedController {
  @Get(':name')
  @Ranged({
    rateLimit: {
      bytesPerSecond: 500_000,
      after: 2_000_000,
      key: (request: UserRequest) => request.user?.id ?? request.ip,
    },
  })
  watch(@Param('name') name: string): RangedFile {
    return new RangedFile(fileSource(name, { root: MEDIA }));
  }
}
