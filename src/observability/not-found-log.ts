import type { Logger } from '@nestjs/common';
import { isRefusedName, unusableRootOf } from '../sources/source-errors.js';

/** Says what a 404 is about where the client cannot tell, and the app should know. */
export class NotFoundLog {
  /** Roots that were complained of. */
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
