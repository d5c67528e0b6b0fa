import { RangedFolderModule } from 'nestjs-range';
import { fileURLToPath } from 'node:url';
import { PUBLIC } from './folders.js';

/** The page, and what it imports from npm: see the import map in index.html. */
export const pageFolders = [
  folder('/', PUBLIC),
  folder('/lib/pdfjs', folderOf('pdfjs-dist/legacy/build/pdf.min.mjs')),
  folder('/lib/pdfjs-fonts', folderOf('pdfjs-dist/standard_fonts/LICENSE_FOXIT')),
  folder('/lib/hashes', folderOf('@noble/hashes/sha2.js')),
];

/** Browsers ask each time whether they have the newest. */
function folder(path: string, root: string) {
  return RangedFolderModule.forRoot({ path, root, maxAge: 0 });
}

/** The folder of a module that npm has installed, wherever it has put it. */
function folderOf(specifier: string): string {
  return fileURLToPath(new URL('.', import.meta.resolve(specifier)));
}
