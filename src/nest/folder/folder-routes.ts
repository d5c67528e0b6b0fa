import { RequestMethod } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';

/**
 * Makes Nest map the routes of these modules last, in the given order: a router that takes the first match would otherwise
 * send requests for later routes to the folder.
 *
 * @param isMoved by the instance of a module
 * @param order of two of these instances, as for `sort`
 */
export function mapLast<T extends object>(
  modules: ModulesContainer,
  isMoved: (instance: object) => instance is T,
  order: (left: T, right: T) => number,
): void {
  const moved = [...modules].flatMap(([key, module]) => {
    const { instance } = module;
    return isMoved(instance) ? [{ key, module, instance }] : [];
  });
  moved.sort((left, right) => order(left.instance, right.instance));
  for (const { key, module } of moved) {
    modules.delete(key); // a Map iterates in insertion order
    modules.set(key, module);
  }
}

/** Excludes the routes of a path from the global prefix. */
export function leaveOutOfPrefix(config: ApplicationConfig, path: string, wildcards: readonly string[]): void {
  if (config.getGlobalPrefix() === '') return;
  const options = config.getGlobalPrefixOptions();
  const own = wildcards.map((wildcard) => {
    const route = `${path === '/' ? '' : path}${wildcard}`;
    return { path: route, requestMethod: RequestMethod.GET, pathRegex: exactly(route) };
  });
  config.setGlobalPrefixOptions({ ...options, exclude: [...(options.exclude ?? []), ...own] });
}

/** Matches a route literally, wildcards included, as Nest compares it, so that no other route is excluded. */
function exactly(route: string): RegExp {
  return new RegExp(`^${route.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)}$`);
}
