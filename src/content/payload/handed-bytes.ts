/** More than this is not remembered, in bytes: what is made of it then counts as changed. */
const MOST_REMEMBERED = 16 * 1024 * 1024;

/**
 * Bytes of ours that others have read, and perhaps changed: remembered until they are sent, to tell whether what is sent is
 * the same.
 */
export class HandedBytes {
  private remembered: Uint8Array[] = [];
  private length = 0;
  private isComplete = false;
  private isForgotten = false;

  /** Remembers a copy, since others may change chunks in place. `null`: the end. */
  add(chunk: Uint8Array | null): void {
    if (chunk === null) this.isComplete = true;
    else if (this.length + chunk.byteLength > MOST_REMEMBERED) this.forget();
    else if (!this.isForgotten) {
      this.remembered.push(Buffer.from(chunk));
      this.length += chunk.byteLength;
    }
  }

  private forget(): void {
    this.isForgotten = true;
    this.remembered = [];
    this.length = 0;
  }

  /** Whether more was added than a reader still holds, in bytes. */
  isMoreThan(held: number): boolean {
    return this.isForgotten || this.length > held;
  }

  /** Whether all of the content was taken. */
  get isExhausted(): boolean {
    return this.isComplete && this.length === 0 && !this.isForgotten;
  }

  /** Takes bytes from the front. Returns whether they are the same. */
  take(bytes: Uint8Array): boolean {
    let at = 0;
    while (at < bytes.byteLength) {
      const [first] = this.remembered;
      if (first === undefined) return false;
      const length = Math.min(first.byteLength, bytes.byteLength - at);
      if (Buffer.compare(first.subarray(0, length), bytes.subarray(at, at + length)) !== 0) return false;
      this.drop(first, length);
      at += length;
    }
    return true;
  }

  private drop(first: Uint8Array, length: number): void {
    this.length -= length;
    if (length === first.byteLength) this.remembered.shift();
    else this.remembered[0] = first.subarray(length);
  }
}
