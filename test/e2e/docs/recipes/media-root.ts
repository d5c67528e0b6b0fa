/** Where the recipes look for files: a directory below the working directory in docs, one of the test's own here. */
export const MEDIA = process.env['MEDIA'] ?? 'media';
