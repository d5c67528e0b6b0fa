import { notJson } from '../sources/not-json.js';

/** The `toJSON()` of files, which throws. */
export const fileIsNotJson = notJson(
  'a file',
  'only HTTP routes can return one, and StreamableFile must be that of the @nestjs/common that Nest itself uses (npm ls @nestjs/common shows whether there are two)',
  'an interceptor that wraps results must return files as they are: if (data instanceof StreamableFile) return data; a message cannot carry a file: send a URL',
);
