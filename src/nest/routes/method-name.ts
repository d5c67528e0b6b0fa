import { type ExecutionContext, SetMetadata, type Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

/** Registered, so that the ESM and the CommonJS copy of the package share it. */
const RANGED_METHOD = Symbol.for('nestjs-range:method');

type Method = ReturnType<ExecutionContext['getHandler']>;

/** Stores a method's name as metadata, for decorators that replace the method and copy its metadata. */
export function keepMethodName(name: string | symbol): MethodDecorator {
  return SetMetadata(RANGED_METHOD, name);
}

/**
 * The name of a handler's method, by which Nest stores the metadata of its parameters. Looked up by identity, in the order in
 * which Nest scans for routes, because a decorator may have replaced the method by a function of another name. A handler that
 * exists on the instance only (bound in the constructor, or an arrow function) is found by its metadata.
 */
export function methodNameOf(controller: Type, handler: Method): string {
  const found = methodsOf(controller).find(({ method }) => method === handler);
  if (found !== undefined) return found.name;
  const kept = reflector.get<string | symbol | undefined>(RANGED_METHOD, handler);
  return String(kept ?? handler.name.replace(/^(?:bound )+/, ''));
}

const reflector = new Reflector();

/** All methods of a controller, inherited ones included, as Nest scans them for routes. */
export function methodsOf(controller: Type): readonly { readonly name: string; readonly method: Method }[] {
  const methods = new Map<string, Method>();
  for (const prototype of prototypesOf(controller)) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method = methodAt(prototype, name);
      if (method !== undefined && name !== 'constructor' && !methods.has(name)) methods.set(name, method);
    }
  }
  return [...methods].map(([name, method]) => ({ name, method }));
}

function prototypesOf(controller: Type): object[] {
  const prototypes: object[] = [];
  let prototype = controller.prototype as object | null;
  for (; prototype !== null && prototype !== Object.prototype; prototype = Reflect.getPrototypeOf(prototype)) {
    prototypes.push(prototype);
  }
  return prototypes;
}

/** Reads a method without running a getter. */
function methodAt(prototype: object, name: string): Method | undefined {
  const value: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
  return typeof value === 'function' ? value : undefined;
}
