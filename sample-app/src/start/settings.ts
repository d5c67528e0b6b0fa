import { existsSync, statSync } from 'node:fs';

/** What the command line and the environment say. */
export interface Settings {
  readonly adapter: 'express' | 'fastify';
  /** 0: any free one. */
  readonly port: number;
}

/** Something that has to be changed before the app can start, in a sentence. */
export class SettingsError extends Error {}

export const HIGHEST_PORT = 65_535;
const DEFAULT_PORT = 3000;

/** @throws SettingsError */
export function readSettings(args: readonly string[], environment: NodeJS.ProcessEnv): Settings {
  const settings = { adapter: adapterIn(args), port: portIn(environment['PORT']) };
  checkFolder(environment['MEDIA_EXTRA']);
  return settings;
}

function adapterIn(args: readonly string[]): Settings['adapter'] {
  const unknown = args.find((arg) => arg !== '--express' && arg !== '--fastify');
  if (unknown !== undefined) {
    throw new SettingsError(`${unknown} is no option of the sample app. It has --express (the default) and --fastify.`);
  }
  if (new Set(args).size > 1) throw new SettingsError('The app runs on --express or on --fastify, not on both.');
  return args.includes('--fastify') ? 'fastify' : 'express';
}

function portIn(text = ''): number {
  if (text === '') return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port > HIGHEST_PORT) {
    throw new SettingsError(`PORT must be a number from 0 (any free port) to ${HIGHEST_PORT}, not "${text}".`);
  }
  return port;
}

function checkFolder(path: string | undefined): void {
  if (path === undefined) return;
  if (path === '') throw new SettingsError('MEDIA_EXTRA is empty. Set it to a folder, or leave it unset.');
  if (!existsSync(path)) throw new SettingsError(`MEDIA_EXTRA is ${path}, which does not exist.`);
  if (!statSync(path).isDirectory()) {
    throw new SettingsError(`MEDIA_EXTRA is ${path}, which is a file. It must be a folder.`);
  }
}
