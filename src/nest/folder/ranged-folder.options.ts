import type { CanActivate, ControllerOptions, ModuleMetadata, Type } from '@nestjs/common';
import { callback, checkOptions, type Checks, directory, flag } from '../../sources/options/check-options.js';
import { refuse } from '../../sources/options/refuse.js';
import { FOLDER_CHECKS, type FolderSourceOptions } from '../../sources/file/folder-source.js';

/** Which files `RangedFolderModule` serves, and how. A factory of `forRootAsync` returns these. */
export interface RangedFolderOptions extends FolderSourceOptions {
  /** The directory of the files, relative to `process.cwd()`. */
  readonly root: string;
  /** Extensions to try, in this order, if there is no such file: with `['html']`, `/about` is `about.html`. */
  readonly extensions?: readonly string[];
  /**
   * The page of a single-page app, sent if there is no such file: its name, or a function that returns the name, or `undefined`
   * for a 404. Applies only to requests whose Accept includes `text/html`, and to names without an extension.
   */
  readonly fallback?: string | ((name: string) => string | undefined);
  /** Whether a directory that has an index is redirected to its path with a trailing `/`. Default: `true`. */
  readonly redirect?: boolean;
  /** Additional headers of a file, by its name in the folder; for a directory, the name of its index. */
  readonly headers?: (name: string) => Readonly<Record<string, string>>;
}

/** Where `RangedFolderModule` serves a folder, and to whom. With `forRootAsync`, these stand beside the factory. */
export interface RangedFolderRoute {
  /** The path of the folder, without parameters. Default: `'/'`. */
  readonly path?: string | undefined;
  /** Guards of these routes. They run after global guards. */
  readonly guards?: readonly (CanActivate | Type<CanActivate>)[] | undefined;
  /** Additional decorators of the controller: `@Public()`, interceptors, filters. */
  readonly decorators?: readonly ClassDecorator[] | undefined;
  /** The version of the routes, as in `@Controller({ version })`. Default: `VERSION_NEUTRAL`. */
  readonly version?: ControllerOptions['version'] | undefined;
  /** Whether the global prefix applies. Default: `false`. */
  readonly useGlobalPrefix?: boolean | undefined;
  /** Whether Express continues with other routes if there is no such file. Not possible on Fastify. Default: `false`. */
  readonly fallthrough?: boolean | undefined;
  /** Modules that export what the guards inject. */
  readonly imports?: ModuleMetadata['imports'];
}

/** The route with defaults, without a trailing slash in its path. */
export interface FolderRoute extends RangedFolderRoute {
  readonly path: string;
  readonly useGlobalPrefix: boolean;
}

const OPTIONS_CHECKS: Checks<RangedFolderOptions> = {
  root: directory,
  ...FOLDER_CHECKS,
  extensions: ["an array of endings such as 'html', without a dot before them", areExtensions],
  fallback: [
    "a file's name or a function",
    (value) => (typeof value === 'string' && value !== '') || callback[1](value),
  ],
  redirect: flag,
  headers: callback,
};

const ROUTE_CHECKS: Checks<RangedFolderRoute> = {
  path: ["a path such as '/assets', without parameters and wildcards", isPlainPath],
  guards: ['an array of guards', Array.isArray],
  decorators: ['an array of class decorators', isArrayOfFunctions],
  version: ["a version such as '1', an array of versions, or VERSION_NEUTRAL", isVersion],
  useGlobalPrefix: flag,
  fallthrough: flag,
  imports: ['an array of modules', Array.isArray],
};

/** @throws TypeError naming an unknown, invalid or missing option */
export function checkFolderOptions(options: RangedFolderOptions): RangedFolderOptions {
  const misplaced = Object.keys(ROUTE_CHECKS).find((name) => Object.hasOwn(Object(options) as object, name));
  if (misplaced !== undefined) refuse(`${PLACE}: pass "${misplaced}" beside useFactory; the factory cannot return it`);
  return checkOptions(PLACE, options, OPTIONS_CHECKS, ['root'], Object.keys(ROUTE_CHECKS));
}

/**
 * Checks what was passed to `forRoot`, or to `forRootAsync` beside the factory.
 *
 * @throws TypeError naming an unknown or invalid option
 */
export function checkFolderRoute(options: RangedFolderRoute): FolderRoute {
  checkOptions(PLACE, options, { ...OPTIONS_CHECKS, ...ROUTE_CHECKS });
  const { path = '/', useGlobalPrefix = false } = options;
  return { ...options, useGlobalPrefix, path: path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path };
}

const PLACE = 'RangedFolderModule';

function areExtensions(value: unknown): boolean {
  return (
    Array.isArray(value) && value.every((ending) => typeof ending === 'string' && /^[^./\\\0][^/\\\0]*$/.test(ending))
  );
}

/** Whether no router would read parameters or wildcards in a path. */
function isPlainPath(value: unknown): boolean {
  return typeof value === 'string' && PLAIN_PATH.test(value);
}

const PLAIN_PATH = /^\/(?:[^/*:{}()[\]?+!\\#\s]+(?:\/[^/*:{}()[\]?+!\\#\s]+)*\/?)?$/;

function isArrayOfFunctions(value: unknown): boolean {
  return Array.isArray(value) && value.every((member) => typeof member === 'function');
}

function isVersion(value: unknown): boolean {
  return [value]
    .flat()
    .every((version) => (typeof version === 'string' && version !== '') || typeof version === 'symbol');
}
