import { ConfigurableModuleBuilder, Inject, Module, type NestModule, Optional, type Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { refuse } from '../../sources/options/refuse.js';
import { checkArguments } from '../module-arguments.js';
import { folderController, mapRoutes, routesOn } from './folder-controller.js';
import { leaveOutOfPrefix, mapLast } from './folder-routes.js';
import {
  checkFolderRoute,
  type FolderRoute,
  type RangedFolderOptions,
  type RangedFolderRoute,
} from './ranged-folder.options.js';
import { ServedFolder } from './served-folder.js';

const FOLDER_OPTIONS = Symbol('options of a folder');
const CONTROLLED_ROUTE = Symbol('route and controller of a folder');

/** A module's route and its controller. */
interface ControlledRoute {
  readonly route: FolderRoute;
  readonly controller: Type;
}

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<RangedFolderOptions>({
  optionsInjectionToken: FOLDER_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<RangedFolderRoute>(
    {
      path: '/',
      guards: undefined,
      decorators: undefined,
      version: undefined,
      useGlobalPrefix: undefined,
      fallthrough: undefined,
      imports: undefined,
    },
    (definition, extras) => {
      const route = checkFolderRoute(extras);
      const controlled: ControlledRoute = { route, controller: folderController(route) };
      return {
        ...definition,
        imports: [...(definition.imports ?? []), ...(route.imports ?? [])],
        controllers: [controlled.controller],
        providers: [
          ...(definition.providers ?? []),
          { provide: CONTROLLED_ROUTE, useValue: controlled },
          {
            provide: ServedFolder,
            useFactory: (options: RangedFolderOptions) => new ServedFolder(options),
            inject: [FOLDER_OPTIONS],
          },
        ],
      };
    },
  )
  .build();
checkArguments(ConfigurableModuleClass, 'RangedFolderModule', "{ root: 'public' }");

/**
 * Serves the files of a folder without a controller. Import it once for each folder, beside `RangeModule`. The app's own routes
 * take precedence, whatever the order of the modules.
 *
 * @example
 * imports: [RangeModule, RangedFolderModule.forRoot({ path: '/assets', root: 'public', immutable: /\.[0-9a-f]{8,}\./ })]
 */
@Module({})
export class RangedFolderModule extends ConfigurableModuleClass implements NestModule {
  private readonly route: FolderRoute;
  private readonly controller: Type;

  /** @internal */
  constructor(
    @Optional() @Inject(CONTROLLED_ROUTE) controlled: ControlledRoute | undefined,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {
    super();
    if (controlled === undefined) refuse(ROOT_MISSING);
    this.route = controlled.route;
    this.controller = controlled.controller;
  }

  /** Nest calls this before it maps any route. */
  configure(): void {
    const adapter = this.adapterHost.httpAdapter.getType();
    if (this.config.getGlobalPrefix() !== '') this.refuseTwins();
    if (!this.route.useGlobalPrefix) leaveOutOfPrefix(this.config, this.route.path, routesOn(adapter, this.route.path));
    mapRoutes(this.controller, this.route, adapter);
    mapLast(this.modules, isFolder, (left, right) => right.servedPath.length - left.servedPath.length);
  }

  /** @throws TypeError if two folders share a path but not `useGlobalPrefix`: Nest would exclude both from the prefix, or neither */
  private refuseTwins(): void {
    const { path, useGlobalPrefix } = this.route;
    for (const { instance } of this.modules.values()) {
      if (!isFolder(instance) || instance.route.path !== path) continue;
      if (instance.route.useGlobalPrefix !== useGlobalPrefix) refuse(twins(path, this.config.getGlobalPrefix()));
    }
  }

  /** Longer paths are mapped first, since they may lie within shorter ones. */
  private get servedPath(): string {
    const { path, useGlobalPrefix } = this.route;
    return useGlobalPrefix ? `${this.config.getGlobalPrefix()}${path}` : path;
  }
}

function isFolder(instance: object): instance is RangedFolderModule {
  return instance instanceof RangedFolderModule;
}

function twins(path: string, prefix: string): string {
  return (
    `RangedFolderModule: option "useGlobalPrefix" must be the same for both folders with the path ${JSON.stringify(path)}: ` +
    `write the prefix, "${prefix}", into the path of one instead`
  );
}

const ROOT_MISSING = 'RangedFolderModule: import RangedFolderModule.forRoot({ root }), not RangedFolderModule itself';
