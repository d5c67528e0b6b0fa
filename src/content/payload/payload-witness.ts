/** Is told who takes the bytes of a stream that was passed to a framework. */
export interface PayloadWitness {
  /** The framework sends the stream itself. Returns `false` if it must not: some of its bytes were read by somebody else. */
  sent(): boolean;
  /** Somebody else reads the stream. `null`: its end. */
  read(chunk: Uint8Array | null): void;
}

/** A stream that has a witness. */
export interface WitnessedStream {
  witness: PayloadWitness | undefined;
}
