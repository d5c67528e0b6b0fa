/** Names of ordinary files on POSIX that Windows reads otherwise; two of them lie in a directory of such a name. */
export const ORDINARY_NAMES = [
  '2024-01-01T10:00:00Z.mp4',
  'Acme Inc./report.pdf',
  'trailing blank /report.pdf',
  'aux.mp3',
  'NUL',
  'AC\\DC.mp3',
  'a\\..\\secret.txt',
  'C:\\secret.txt',
  'What now...',
  'clip.mp4::$DATA',
  'new\nline.txt',
  'what? 100%25 #1 & more;.txt',
];
