import type { StreamableFile } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { ownOptions } from '../files/streamable-source.js';
import type { ServingPolicy } from '../negotiation/negotiation.js';
import { mergeOptions, type RangedOptions, toServingOptions } from '../negotiation/ranged-options.js';
import { checkedRangeSet } from './parser/checked-range-set.js';
import type { RangeParser } from './parser/range.parser.js';

interface RoutePolicy {
  readonly parser: RangeParser;
  readonly policy: ServingPolicy;
}

/** Merges the options of module, route and file. Module and route are merged once for each route. */
export class ServingPolicies {
  private readonly ofRoutes = new WeakMap<RangedOptions, RoutePolicy>();

  constructor(private readonly moduleOptions: RangedOptions) {}

  /** @param options of the route: the same object for each of its requests */
  policyFor(file: StreamableFile, options: RangedOptions, parser: RangeParser): ServingPolicy {
    const own = ownOptions(file);
    if (own === undefined) return this.routePolicy(options, parser);
    const { contentDisposition, ...rangedOptions } = own;
    const policy = toPolicy(mergeOptions(this.moduleOptions, options, rangedOptions), parser);
    return contentDisposition === undefined ? policy : { ...policy, contentDisposition };
  }

  private routePolicy(options: RangedOptions, parser: RangeParser): ServingPolicy {
    const known = this.ofRoutes.get(options);
    if (known?.parser === parser) return known.policy;
    const policy = toPolicy(mergeOptions(this.moduleOptions, options), parser);
    this.ofRoutes.set(options, { parser, policy });
    return policy;
  }
}

function toPolicy(options: RangedOptions, parser: RangeParser): ServingPolicy {
  return {
    parseRange: (headerValue) => checkedRangeSet(parser.parse(headerValue)),
    newBoundary: () => randomBytes(18).toString('hex'),
    ...toServingOptions(options),
  };
}
