import type { RawConnection } from './raw-client.js';

/** A limit that several connections may share, and what has come over them since it was made. */
export class Arrivals {
  private readonly startedAt = performance.now();
  private bytes = 0;
  private readonly excesses: string[] = [];

  /**
   * To be made before anything is sent: a slow machine makes what has come less, never more.
   *
   * @param atOnce how many bytes may come before any time has passed: heads are among them
   */
  constructor(
    private readonly bytesPerSecond: number,
    private readonly atOnce: number,
  ) {}

  watch(connection: RawConnection): RawConnection {
    connection.socket.on('data', (chunk: Buffer) => this.count(chunk.length));
    return connection;
  }

  /** When more had come than the limit has let through; empty: never. */
  get tooEarly(): readonly string[] {
    return this.excesses;
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    const elapsedMs = performance.now() - this.startedAt;
    if (this.bytes > this.atOnce + (this.bytesPerSecond * elapsedMs) / 1000) {
      this.excesses.push(`${this.bytes} bytes after ${elapsedMs.toFixed(1)} ms`);
    }
  }
}
