import { RequestMethod, type Type } from '@nestjs/common';
import { INTERCEPTORS_METADATA, METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { type ModulesContainer, Reflector } from '@nestjs/core';
import { methodsOf } from './method-name.js';

/** Lists the routes that a decorator binds an interceptor to: `MediaController.file() (GET /media/:name) in MediaModule`. */
export function routesBoundTo(interceptor: Type, modules: ModulesContainer): string[] {
  return [...modules.values()].flatMap(({ name, controllers }) =>
    [...controllers.values()].flatMap(({ metatype }) =>
      typeof metatype === 'function'
        ? boundRoutes(interceptor, metatype as Type).map((route) => `${route} in ${name}`)
        : [],
    ),
  );
}

function boundRoutes(interceptor: Type, controller: Type): string[] {
  const isBoundToAll = hasInterceptor(controller, interceptor);
  return methodsOf(controller)
    .filter(({ method }) => reflector.get(PATH_METADATA, method) !== undefined)
    .filter(({ method }) => isBoundToAll || hasInterceptor(method, interceptor))
    .map(({ name, method }) => `${controller.name}.${name}() (${targetOf(controller, method)})`);
}

function hasInterceptor(target: Target, interceptor: Type): boolean {
  return (reflector.get<unknown[] | undefined>(INTERCEPTORS_METADATA, target) ?? []).includes(interceptor);
}

/** Without global prefix and version, which decorators cannot know. */
function targetOf(controller: Type, method: Target): string {
  const paths = [controller, method].map(
    (target) => [reflector.get<string | string[]>(PATH_METADATA, target)].flat()[0],
  );
  const segments = paths
    .join('/')
    .split('/')
    .filter((segment) => segment !== '');
  return `${RequestMethod[reflector.get<RequestMethod>(METHOD_METADATA, method)]} /${segments.join('/')}`;
}

type Target = Parameters<Reflector['get']>[1];

const reflector = new Reflector();
