import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Signs links that are valid for one path until they expire, however many requests a player makes. */
@Injectable()
export class SignedLinks implements CanActivate {
  private readonly key = Buffer.from(process.env['LINK_KEY'] ?? '', 'hex');

  constructor() {
    if (this.key.length < 32)
      throw new Error('LINK_KEY must be at least 32 random bytes in hex, the same on each replica');
  }

  /** @param path percent-encoded, as in the URL, with the global prefix if there is one */
  sign(path: string, ttlMs: number): string {
    const expires = String(Date.now() + ttlMs);
    return `${path}?expires=${expires}&signature=${this.hmac(path, expires).toString('base64url')}`;
  }

  canActivate(context: ExecutionContext): boolean {
    const { url = '' } = context.switchToHttp().getRequest<IncomingMessage>();
    const [path = '', query] = url.split('?', 2);
    const parameters = new URLSearchParams(query);
    const expires = parameters.get('expires') ?? '';
    const signature = Buffer.from(parameters.get('signature') ?? '', 'base64url');
    const expected = this.hmac(path, expires);
    const isOurs = signature.length === expected.length && timingSafeEqual(signature, expected);
    return isOurs && Number(expires) > Date.now();
  }

  private hmac(path: string, expires: string): Buffer {
    return createHmac('sha256', this.key).update(`${path}\n${expires}`).digest();
  }
}
