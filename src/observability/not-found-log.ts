import type { Logger } from '@nestjs/common';
import { isRefusedName, unusableRootOf } from '../sources/source-errors.js';

/** Logs the reason for a 404 that the client must not see, but the app's developer should. */
export class NotFoundLog {
  /** Roots that were already warned about. */
  private readonly roots = new Set<string>();

  constructor(private readonly logger: Logger) {}

  /** @param target method and path of the request */
  note(target: string, error: unknown): void {
    const { message } = error as { message?: unknown };
    if (isRefusedName(error)) this.logger.debug(`${target}: 404, because ${String(message)}`);
    const root = unusableRootOf(error);
    if (root === undefined || this.roots.has(root)) return;
    this.roots.add(root);
    this.logger.warn(
      `${target}: 404, because ${String(message)}: give "root" an absolute path, or one from process.cwd(), which is ${process.cwd()} (logged once)`,
    );
  }
}
