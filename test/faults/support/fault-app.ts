import { AppProcess } from '../../support/apps/app-process.js';

/** What the app tells of itself. */
export interface Report {
  /** Of the counting source. */
  readonly resolved: number;
  readonly closed: number;
  readonly opened: number;
  readonly ended: number;
  /** Sockets to clients. */
  readonly connections: number;
  /** Of files. */
  readonly descriptors: number;
  /** What keeps the event loop going, by kind, its own standard streams apart. */
  readonly handles: readonly string[];
  /** In use after a garbage collection, in bytes: by objects, and for bytes. */
  readonly heap: number;
  readonly buffers: number;
  /** Resident, in bytes. */
  readonly resident: number;
}

/** Points of a generation at which the app kills itself, or stops until it is killed. */
export type KilledAt = 'half of its bytes' | 'the last of its bytes' | 'the name of its file' | 'an order, halfway';

/**
 * @param file that it serves
 * @param spool directory of what it generates
 */
export function startApp(
  adapter: 'express' | 'fastify' | 'fastify-http2',
  file: string,
  spool = '',
  killedAt: KilledAt | '' = '',
): Promise<AppProcess> {
  return AppProcess.start(new URL('app.js', import.meta.url), [adapter, file, spool, killedAt]);
}

export function reportOf(app: AppProcess): Promise<Report> {
  return app.ask('report');
}
