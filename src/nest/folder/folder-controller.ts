import {
  applyDecorators,
  Controller,
  Get,
  Inject,
  Req,
  SetMetadata,
  type Type,
  UseFilters,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import type { RangedFile } from '../../files/ranged-file.js';
import { Ranged } from '../ranged.decorator.js';
import { FallThrough } from './fall-through.filter.js';
import type { FolderRoute } from './ranged-folder.options.js';
import { type FolderRequest, ServedFolder, WILDCARD } from './served-folder.js';

/**
 * A controller for one folder. Guards, interceptors and filters of the app run as for any other. It has no routes yet, because
 * only the running app knows how its adapter writes a wildcard.
 */
export function folderController(route: FolderRoute): Type {
  const { path, guards = [], decorators = [], version, fallthrough = false } = route;
  @Controller({ path, version: version ?? VERSION_NEUTRAL })
  @Ranged()
  @SetMetadata(EXCLUDED_FROM_SWAGGER, [true])
  class RangedFolderController {
    constructor(@Inject(ServedFolder) private readonly folder: ServedFolder) {}

    file(@Req() request: FolderRequest): RangedFile {
      return this.folder.file(request);
    }
  }
  const filters = fallthrough ? [FallThrough] : [];
  applyDecorators(UseGuards(...guards), UseFilters(...filters), ...decorators)(RangedFolderController);
  return RangedFolderController;
}

/** The key of `@ApiExcludeController()`, which is not imported: `@nestjs/swagger` is an optional peer. */
const EXCLUDED_FROM_SWAGGER = 'swagger/apiExcludeController';

/** Adds the routes below its path to a controller of `folderController`. */
export function mapRoutes(controller: Type, { path }: FolderRoute, adapter: string): void {
  const handler = Object.getOwnPropertyDescriptor(controller.prototype, 'file');
  if (handler === undefined) throw new TypeError('the controller of a folder has lost its method');
  Get(routesOn(adapter, path))(controller.prototype as object, 'file', handler);
}

/** The routes below a path, as the adapter writes them. The root has only one, since `/` itself may be a route of the app. */
export function routesOn(adapter: string, path: string): string[] {
  if (adapter === FASTIFY) return path === '/' ? ['/*'] : ['/', '/*'];
  return path === '/' ? [`/{*${WILDCARD}}`] : ['/', `/*${WILDCARD}`];
}

/** The type that Fastify's adapter reports. */
const FASTIFY = 'fastify';
