import type { INestApplication, LoggerService, ModuleMetadata, NestApplicationOptions } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';

export const ADAPTERS = ['express', 'fastify'] as const;
export type AdapterName = (typeof ADAPTERS)[number];

export interface LogEntry {
  readonly level: 'log' | 'error' | 'warn' | 'debug' | 'verbose' | 'fatal';
  readonly message: string;
  readonly details: readonly unknown[];
}

/** A Nest logger that keeps what it is told. */
export class RecordingLogger implements LoggerService {
  readonly entries: LogEntry[] = [];

  /** What was logged at `error`, `warn` or `fatal`. */
  get complaints(): string[] {
    return this.at('error', 'warn', 'fatal');
  }

  at(...levels: LogEntry['level'][]): string[] {
    return this.entries.filter(({ level }) => levels.includes(level)).map(({ message }) => message);
  }

  clear(): void {
    this.entries.length = 0;
  }

  log = this.recorder('log');
  error = this.recorder('error');
  warn = this.recorder('warn');
  debug = this.recorder('debug');
  verbose = this.recorder('verbose');
  fatal = this.recorder('fatal');

  private recorder(level: LogEntry['level']): (message: unknown, ...details: unknown[]) => void {
    return (message, ...details) => {
      this.entries.push({ level, message: String(message), details });
    };
  }
}

export interface TestApp {
  readonly app: INestApplication;
  readonly port: number;
  readonly log: RecordingLogger;
  close(): Promise<void>;
}

export interface StartOptions {
  /** Before the app is initialised: plugins, middleware, prefixes. */
  readonly configure?: (app: INestApplication) => unknown;
  readonly nest?: NestApplicationOptions;
  /** Options of the framework's own constructor. */
  readonly fastify?: ConstructorParameters<typeof FastifyAdapter>[0];
}

/** Starts an app of the given metadata on a free port. Rejects where Nest refuses to start it. */
export async function startApp(
  adapter: AdapterName,
  metadata: ModuleMetadata,
  { configure, nest, fastify }: StartOptions = {},
): Promise<TestApp> {
  const app = await createApp(adapter, metadata, { nest: nest ?? {}, ...(fastify === undefined ? {} : { fastify }) });
  await configure?.(app.app);
  await app.app.listen(0, '127.0.0.1');
  const { port } = app.app.getHttpServer().address() as AddressInfo;
  return { ...app, port, close: () => app.app.close() };
}

/** Creates an app without starting it. */
export async function createApp(
  adapter: AdapterName,
  metadata: ModuleMetadata,
  { nest = {}, fastify = {} }: StartOptions = {},
): Promise<{ app: INestApplication; log: RecordingLogger }> {
  class TestModule {}
  Module(metadata)(TestModule);
  const log = new RecordingLogger();
  const app = await NestFactory.create(TestModule, frameworkAdapter(adapter, fastify), {
    logger: log,
    abortOnError: false,
    forceCloseConnections: true,
    ...nest,
  });
  return { app, log };
}

export function frameworkAdapter(adapter: AdapterName, fastify: StartOptions['fastify'] = {}): AbstractHttpAdapter {
  return adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(fastify);
}
