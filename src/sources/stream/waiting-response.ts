/** The response that waits for a source, as seen by the source. */
export interface WaitingResponse {
  /** Reports that data has arrived, even if none can be yielded yet, such as while skipping. */
  noteProgress(): void;
  /** Calls back once when the response has finished; `isSent`: its content was sent completely. */
  onFinished(callback: (isSent: boolean) => void): void;
}

const responses = new WeakMap<AbortSignal, WaitingResponse>();

/** Registers a response under the signal that is passed to its source, and on to any source that this wraps. */
export function registerResponse(response: WaitingResponse, signal: AbortSignal): void {
  responses.set(signal, response);
}

/** The response of a signal; `undefined`: the signal belongs to none of ours. */
export function responseOf(signal: AbortSignal): WaitingResponse | undefined {
  return responses.get(signal);
}
