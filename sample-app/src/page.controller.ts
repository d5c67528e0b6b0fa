import { Controller, Get, Headers, Param } from '@nestjs/common';
import { folderSource, Ranged, RangedFile } from 'nestjs-range';
import { PUBLIC } from './folders.js';

@Controller()
@Ranged({ cacheControl: 'no-cache' })
export class PageController {
  private readonly files = folderSource(PUBLIC);

  @Get()
  page(@Headers('accept-encoding') acceptEncoding?: string) {
    return new RangedFile(this.files('', acceptEncoding));
  }

  @Get('page/:name')
  part(@Param('name') name: string, @Headers('accept-encoding') acceptEncoding?: string) {
    return new RangedFile(this.files(name, acceptEncoding));
  }
}
