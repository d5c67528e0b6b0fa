import type { ResolveHook } from 'node:module';

/** The SDK is not among this package's dependencies: it is installed with the tests that drive stores by it. */
export const INSTALLED_IN = new URL('../../../../test/integration/package.json', import.meta.url);

/** A hook for imports that finds it there. */
export const resolve: ResolveHook = (specifier, context, next) =>
  next(specifier, specifier === '@aws-sdk/client-s3' ? { ...context, parentURL: INSTALLED_IN.href } : context);
