/** A way to serve a file: the name that the tables give it, and where it is asked for. */
export interface Contender {
  readonly name: string;
  /** The two adapters, and what stands outside of Nest. */
  readonly family: 'express' | 'fastify' | 'node' | 'nginx' | 'go';
  readonly route: string;
}

/** Ours, in three forms, and what apps do without it. */
export const FILE_ROUTES = [
  'ranged-file',
  'streamable-file',
  'responder',
  'hand-written',
  'send-file',
  'serve-static',
] as const;

/** The least that an answer takes: through `@Res()`, through a StreamableFile, and through that behind an interceptor. */
export const LEAST_ROUTES = ['least-response', 'least-file', 'least-intercepted'] as const;

/** Asked for what is right only: they do without ranges, or fail at some. */
export const UNTIMED_ROUTES = ['plain-streamable-file', 'piped'] as const;

/** Every contender in the words of the docs, so that a table explains itself. */
export type Route =
  | (typeof FILE_ROUTES | typeof LEAST_ROUTES | typeof UNTIMED_ROUTES)[number]
  | 'archive'
  | 'archive-first'
  | 'floor'
  | 'folder'
  | 'limit'
  | 'plain'
  | 'plain-without-module';

export const NGINX: Contender = { name: 'nginx', family: 'nginx', route: '' };
/** `http.ServeFile` */
export const GO: Contender = { name: 'go', family: 'go', route: '' };
/** `createReadStream` piped into a response of `node:http`. */
export const READ_STREAM: Contender = { name: 'node read-stream', family: 'node', route: 'read-stream' };
/** Two buffers, one being filled while the other is sent. */
export const READ_LOOP: Contender = { name: 'node read-loop', family: 'node', route: 'read-loop' };

/** The routes on Express, then on Fastify. */
export function onBoth(...routes: readonly Route[]): Contender[] {
  return (['express', 'fastify'] as const).flatMap((family) =>
    routes.map((route) => ({ name: `${family} ${route}`, family, route })),
  );
}

/** The contender that does as little as possible on the same adapter. */
export function sibling(row: string, route: Route): string {
  return `${row.split(' ', 1)[0]} ${route}`;
}
