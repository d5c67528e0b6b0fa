// Set before the import: the shared configuration only fills it in where it is missing.
process.env.NEST_MAJOR = '11';

const { base } = await import('../../jest.config.js');

/**
 * The same e2e specs and sources over Nest 11: every `@nestjs/…` that this workspace has its own copy of is taken from it,
 * whoever asks (a plugin such as the throttler in the root's node_modules too).
 * @type {import('jest').Config}
 */
export default {
  ...base,
  maxWorkers: '100%',
  testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'],
  moduleNameMapper: {
    '^@nestjs/(common|core|microservices|platform-express|platform-fastify|swagger|testing)(/.*)?$':
      '<rootDir>/test/nest-11/node_modules/@nestjs/$1$2',
    '^fastify$': '<rootDir>/test/nest-11/node_modules/fastify',
    '^express$': '<rootDir>/test/nest-11/node_modules/express',
    ...base.moduleNameMapper,
  },
};
