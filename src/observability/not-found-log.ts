import type { Logger } from '@nestjs/common';
import { codeOf, isRefusedName, unusableRootOf } from '../sources/source-errors.js';
import { RouteLogIntervals } from './log-interval.js';

/** A request, for the log. */
interface NotFoundRequest {
  /** Its method and path. */
  readonly target: string;
  /** `undefined`: no route of the app. */
  readonly route: string | undefined;
}

/** Logs the reason for a 404 that the client must not see, but the app's developer should. */
export class NotFoundLog {
  /** Roots that were already warned about. */
  private readonly roots = new Set<string>();
  /** A client that tries many names does not fill the log. */
  private readonly missing = new RouteLogIntervals(10_000);

  constructor(private readonly logger: Logger) {}

  note({ target, route }: NotFoundRequest, error: unknown): void {
    const { message } = error as { message?: unknown };
    const root = unusableRootOf(error);
    const isMissing = root === undefined && codeOf(error) === 'SOURCE_NOT_FOUND';
    const isRefused = isRefusedName(error);
    if (isRefused || (isMissing && this.missing.begin(route))) {
      const interval = isRefused ? '' : ' (logged once in ten seconds for this route)';
      this.logger.debug(`${target}: 404, because ${onOneLine(String(message))}${interval}`);
    }
    if (root === undefined || this.roots.has(root)) return;
    this.roots.add(root);
    this.logger.warn(
      `${target}: 404, because ${String(message)}: give "root" an absolute path, or one from process.cwd(), which is ${process.cwd()} (logged once)`,
    );
  }
}

/** A path may have any name, that of a forged line of the log too. */
function onOneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
