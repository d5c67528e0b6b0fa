import { classifyResponse, formatResponse, onRangeResponse } from 'nestjs-range';
import type { Logger } from 'pino';

/** Logs each response; returns what ends that. */
export function logResponses(logger: Logger): () => void {
  return onRangeResponse((message) => {
    const { method, path, status, bytesSent, durationMs, error } = message;
    const result = classifyResponse(message);
    const level = result === 'failed' ? 'error' : result === 'aborted' ? 'debug' : 'info'; // a client that leaves is no error
    logger[level]({ method, path, status, result, bytesSent, durationMs, err: error }, formatResponse(message));
  });
}
