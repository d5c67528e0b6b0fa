import type { RangedOptions } from 'nestjs-range';

/** `?rate=` limits a response to so many bytes a second. */
export function pace(rate: string | undefined): RangedOptions {
  const bytesPerSecond = parseRate(rate);
  return bytesPerSecond === undefined ? {} : { rateLimit: { bytesPerSecond } };
}

export function parseRate(rate: string | undefined): number | undefined {
  return rate !== undefined && /^[1-9]\d{3,8}$/.test(rate) ? Number(rate) : undefined;
}
