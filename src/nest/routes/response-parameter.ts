import type { Type } from '@nestjs/common';
import { RESPONSE_PASSTHROUGH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';

/** Whether a handler injects `@Res()` or `@Next()` without `passthrough`: then Nest ignores its return value. */
export function holdsResponse(controller: Type, name: string): boolean {
  if (metadata(RESPONSE_PASSTHROUGH_METADATA, controller, name) === true) return false;
  const parameters = Object.keys(metadata(ROUTE_ARGS_METADATA, controller, name) ?? {}); // `<kind>:<index>`
  return parameters.some((parameter) => RESPONSE_OR_NEXT.has(Number.parseInt(parameter, 10)));
}

const RESPONSE_OR_NEXT: ReadonlySet<number> = new Set([RouteParamtypes.RESPONSE, RouteParamtypes.NEXT]);

/** Reads metadata as Nest does, through the app's own copy of reflect-metadata. */
function metadata(key: string, controller: Type, method: string): unknown {
  return (Reflect as unknown as MetadataReflect).getMetadata(key, controller, method);
}

interface MetadataReflect {
  getMetadata(key: string, target: object, property: string): unknown;
}
