import { notJson } from '../sources/not-json.js';

/** The `toJSON()` of files, which throws. */
export const fileIsNotJson = notJson(
  'a file',
  'only routes of HTTP can return one, and only by the copy of @nestjs/common that Nest itself uses (npm ls @nestjs/common shows whether there are two)',
  'let what wraps results pass files on as they are: if (data instanceof StreamableFile) return data; a message can carry no file, but a URL',
);
