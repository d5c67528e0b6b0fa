/** The directory of your files. A relative path is resolved against `process.cwd()`. */
export const MEDIA = process.env['MEDIA'] ?? 'media';
