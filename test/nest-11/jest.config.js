// Set before the import: the shared configuration only fills it in where it is missing.
process.env.NEST_MAJOR = '11';

const { base, workers } = await import('../../jest.config.js');

/** Specs of what no adapter and no version of Nest can change: running them with one major is enough. */
const BELOW_NEST = [
  // What a source says of its bytes, and how long it may take: an adapter sees one representation like another.
  'files/archives',
  'files/file-versions',
  'files/folder',
  'files/slow-file-systems',
  'files/unsized-files',
  'stores/store-replaced',
  'stores/store-silence',
  'stores/stores',
  'stores/upstream',
  'streams/generated',
  'streams/silent-sources',
  'streams/steady-sources',
  // How chunks are cut and paced before a response writes them; `nest/nest` covers how options are refused.
  'responses/numeric-options',
  'responses/rate-limit',
  // What the socket did with bytes after Node.js took them, and what memory they lay in.
  'lifetime/held-memory',
  'lifetime/sent-bytes',
];

/**
 * The e2e specs and sources over Nest 11: every `@nestjs/…` that this workspace has its own copy of is taken from it,
 * whoever asks (a plugin such as the throttler in the root's node_modules too).
 * @type {import('jest').Config}
 */
export default {
  ...base,
  ...workers,
  testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...BELOW_NEST.map((spec) => `<rootDir>/test/e2e/${spec}\\.spec`)],
  moduleNameMapper: {
    '^@nestjs/(common|core|microservices|platform-express|platform-fastify|swagger|testing)(/.*)?$':
      '<rootDir>/test/nest-11/node_modules/@nestjs/$1$2',
    '^fastify$': '<rootDir>/test/nest-11/node_modules/fastify',
    '^express$': '<rootDir>/test/nest-11/node_modules/express',
    ...base.moduleNameMapper,
  },
};
