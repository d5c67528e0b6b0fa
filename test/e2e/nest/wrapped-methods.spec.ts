import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Res, Scope, StreamableFile, type Type } from '@nestjs/common';
import { bytesSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { fetchRaw } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

type Method = (this: unknown, ...parameters: unknown[]) => unknown;
type Wrap = (method: Method) => Method;

/** What decorators and constructors put in the place of a method. */
const WRAPPERS: Readonly<Record<string, Wrap>> = {
  itself: (method) => method,
  'a function': (method) =>
    function wrapper(...parameters) {
      return method.apply(this, parameters);
    },
  'an async function': (method) =>
    async function wrapper(...parameters) {
      return method.apply(this, parameters);
    },
  'a function without a name': (method) =>
    Object.defineProperty(
      function (this: unknown, ...parameters: unknown[]) {
        return method.apply(this, parameters);
      },
      'name',
      { value: '' },
    ),
  'a function with the name of another method': (method) =>
    Object.defineProperty((...parameters: unknown[]) => method.apply(undefined, parameters), 'name', {
      value: 'other',
    }),
  'a Proxy': (method) => new Proxy(method, { apply: (target, self, parameters) => target.apply(self, parameters) }),
  'a Proxy that hides the name': (method) =>
    new Proxy(method, { get: (target, key) => (key === 'name' ? 7 : Reflect.get(target, key)) }),
  'a bound function': (method) => method.bind(undefined),
  'a function bound twice': (method) => method.bind(undefined).bind(undefined),
};

/** As a careful decorator does it: what stands on the method goes with it. */
const copying =
  (wrap: Wrap): Wrap =>
  (method) => {
    const wrapper = wrap(method);
    if (wrapper === method) return method;
    for (const key of Reflect.getMetadataKeys(method)) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, method), wrapper);
    }
    return wrapper;
  };

const decorator =
  (wrap: Wrap): MethodDecorator =>
  (_target, _name, descriptor) => {
    descriptor.value = wrap(descriptor.value as Method) as never;
  };

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Reflect {
    function getMetadataKeys(target: object): unknown[];
    function getMetadata(key: unknown, target: object): unknown;
    function defineMetadata(key: unknown, value: unknown, target: object): void;
  }
}

const file = (): RangedFile => new RangedFile(bytesSource(Buffer.alloc(1000)));

/** A controller with a file that Nest sends and one that it does not, each wrapped between some of its decorators. */
function below(wrap: Wrap): Type {
  @Controller()
  class MediaController {
    @Get('file')
    @Ranged()
    @decorator(wrap)
    file() {
      return file();
    }

    @Get('held')
    @Ranged()
    @decorator(wrap)
    held(@Res() _response: unknown) {
      return file();
    }

    @Get('list')
    @Ranged()
    @decorator(wrap)
    list() {
      return [1];
    }

    other() {}
  }
  return MediaController;
}

function above(wrap: Wrap): Type {
  @Controller()
  class MediaController {
    @Get('file')
    @decorator(copying(wrap))
    @Ranged()
    file() {
      return file();
    }

    @decorator(copying(wrap))
    @Get('held')
    @Ranged()
    held(@Res() _response: unknown) {
      return file();
    }

    @decorator(copying(wrap))
    @Get('list')
    @Ranged()
    list() {
      return [1];
    }

    other() {}
  }
  return MediaController;
}

function inherited(wrap: Wrap): Type {
  @Controller()
  class MediaController extends below(wrap) {}
  return MediaController;
}

/** The class that has the routes is abstract, and knows nothing of the decorators' wrappers. */
function overridden(wrap: Wrap): Type {
  abstract class Media {
    abstract file(): unknown;
    abstract held(response: unknown): unknown;
    list(): unknown {
      return undefined;
    }
    other() {}
  }

  @Controller()
  class MediaController extends Media {
    @Get('file')
    @Ranged()
    @decorator(wrap)
    override file() {
      return file();
    }

    @Get('held')
    @Ranged()
    @decorator(wrap)
    override held(@Res() _response: unknown) {
      return file();
    }

    @Get('list')
    @Ranged()
    @decorator(wrap)
    override list() {
      return [1];
    }
  }
  return MediaController;
}

/** As with bound methods, or a class field that is an arrow function: only the instance has what Nest calls. */
function onInstance(wrap: Wrap, scope: Scope = Scope.DEFAULT): Type {
  @Controller({ scope })
  @Injectable()
  class MediaController extends below((method) => method) {
    constructor() {
      super();
      for (const name of ['file', 'held', 'list'] as const) {
        const method = Reflect.get(this, name) as Method;
        Object.defineProperty(this, name, { value: copying(wrap)(method), enumerable: true });
      }
    }
  }
  return MediaController;
}

/** With `Object.defineProperty`, after the class was made. */
function renamed(): Type {
  const controller = below((method) => method);
  for (const name of ['file', 'held', 'list']) {
    Object.defineProperty(Reflect.get(controller.prototype as object, name) as object, 'name', { value: 'x' });
  }
  return controller;
}

const PLACES = { below, above, inherited, overridden, 'on the instance': onInstance };
const CONTROLLERS: readonly (readonly [string, () => Type])[] = [
  ...Object.entries(PLACES).flatMap(([place, make]) =>
    Object.entries(WRAPPERS).map(([name, wrap]) => [`${name}, ${place}`, () => make(wrap)] as const),
  ),
  ['a method that was renamed', renamed],
  ['a function made for each request', () => onInstance(WRAPPERS['a function without a name'] as Wrap, Scope.REQUEST)],
];

describe.each(ADAPTERS)('a handler on %s that is', (adapter) => {
  let running: TestApp | undefined;
  afterEach(() => running?.close());

  it.each(CONTROLLERS)('%s: is ranged, refused where it injects @Res(), and named in the log', async (_, make) => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [make()] });
    const { port, log } = running;

    expect((await fetchRaw(port, '/file', [['Range', 'bytes=0-9']])).status).toBe(206);
    expect(log.complaints).toEqual([]);

    expect((await fetchRaw(port, '/held')).status).toBe(500);
    expect(log.complaints).toEqual([expect.stringContaining('MediaController.held() injects @Res()')]);
    log.clear();

    for (let request = 0; request < 2; request++) expect((await fetchRaw(port, '/list')).body.toString()).toBe('[1]');
    expect(log.complaints).toEqual([expect.stringContaining('@Ranged() on MediaController.list() got an')]);
  });

  it.each(Object.entries(WRAPPERS))('%s, for the interceptor of the whole app', async (_, wrap) => {
    @Controller()
    class MediaController {
      @Get('held')
      @decorator(wrap)
      held(@Res() _response: unknown) {
        return file();
      }

      @Get('plain')
      @decorator(wrap)
      plain() {
        return new StreamableFile(Buffer.alloc(1000));
      }

      other() {}
    }

    const imports = [RangeModule.forRoot({ appInterceptor: true })];
    running = await startApp(adapter, { imports, controllers: [MediaController] });
    expect((await fetchRaw(running.port, '/plain', [['Range', 'bytes=0-9']])).status).toBe(206);
    expect((await fetchRaw(running.port, '/held')).status).toBe(500);
    expect(running.log.complaints).toEqual([expect.stringContaining('MediaController.held() injects @Res()')]);
  });
});
