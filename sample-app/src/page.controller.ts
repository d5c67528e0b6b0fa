import { Controller, Get, Headers, NotFoundException, Param } from '@nestjs/common';
import { folderSource, Ranged, RangedFile } from 'nestjs-range';
import { fileURLToPath } from 'node:url';
import { PUBLIC } from './folders.js';

/** What the page imports from npm, by the first segment of the path: see the import map in index.html. */
const LIBRARIES = new Map([
  ['pdfjs', folderOf('pdfjs-dist/legacy/build/pdf.min.mjs')],
  ['pdfjs-fonts', folderOf('pdfjs-dist/standard_fonts/LICENSE_FOXIT')],
  ['hashes', folderOf('@noble/hashes/sha2.js')],
]);

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

  @Get('lib/:library/:name')
  library(@Param('library') library: string, @Param('name') name: string) {
    const files = LIBRARIES.get(library);
    if (files === undefined) throw new NotFoundException();
    return new RangedFile(files(name));
  }
}

/** The folder of a module that npm has installed, wherever it has put it. */
function folderOf(specifier: string) {
  return folderSource(fileURLToPath(new URL('.', import.meta.resolve(specifier))));
}
