/** A web stream of another library: with what its users call, but not of the class that Node.js knows. */
export class ForeignWebStream {
  isCancelled = false;
  private cancel: () => void = () => {};

  /** @param isSilent whether it never ends */
  constructor(
    private readonly chunks: readonly unknown[],
    private readonly isSilent = false,
  ) {}

  getReader(): object {
    let index = 0;
    const cancelled = new Promise<{ done: true }>((resolve) => {
      this.cancel = () => resolve({ done: true });
    });
    return {
      read: () => {
        const value = this.chunks[index++];
        if (value !== undefined) return Promise.resolve({ done: false, value });
        return this.isSilent ? cancelled : Promise.resolve({ done: true });
      },
      cancel: async () => {
        this.isCancelled = true;
        this.cancel();
      },
    };
  }
}

/** A Blob of another library. */
export function foreignBlob(bytes: Uint8Array, type = ''): Blob {
  return {
    size: bytes.byteLength,
    type,
    slice: (from: number, to: number) => foreignBlob(bytes.subarray(from, to)),
    stream: () => new ForeignWebStream([bytes]),
    arrayBuffer: async () => Uint8Array.from(bytes).buffer,
  } as unknown as Blob;
}
