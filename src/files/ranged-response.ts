import { StreamableFile } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { HttpExchange } from '../exchange/http-exchange.js';
import type { Answer } from '../negotiation/answer.js';
import type { RangeSource } from '../sources/source.js';
import { fileIsNotJson } from './file-json.js';
import { RANGED_FILE, RANGED_RESPONSE } from './file-symbols.js';
import { NO_STREAM } from './placeholder-stream.js';
import type { OwnOptions } from './streamable-source.js';
import { WholeFileStream } from './whole-file-stream.js';

type Headers = ReturnType<StreamableFile['getHeaders']>;

/**
 * Carries an answer through Nest. The adapter sends the answer, but only to the request it was negotiated for. To everybody
 * else this is the whole file: the public members of StreamableFile describe and read all of it and never touch the response.
 */
export class RangedResponse extends StreamableFile {
  /** @internal It can be negotiated again for another request. */
  readonly [RANGED_FILE] = true;
  /** @internal */
  readonly [RANGED_RESPONSE]: Answer;

  constructor(
    answer: Answer,
    file: StreamableFile,
    readonly rangedOptions: OwnOptions | undefined,
  ) {
    super(NO_STREAM, toStreamableOptions(answer, file));
    this[RANGED_RESPONSE] = answer;
    this.setErrorHandler(file.errorHandler);
    this.setErrorLogger(file.errorLogger);
  }

  get source(): RangeSource {
    return this[RANGED_RESPONSE].prepared.source;
  }

  /** @internal */
  toJSON(key: string): string {
    return fileIsNotJson(key);
  }

  override getStream(): Readable {
    return this[RANGED_RESPONSE].getStream();
  }

  /**
   * The whole file, for a reply to another request or with another status.
   *
   * @internal
   */
  take(exchange: HttpExchange): StreamableFile {
    return new StreamableFile(new WholeFileStream(this).replyTo(exchange), this.options)
      .setErrorHandler(this.errorHandler)
      .setErrorLogger(this.errorLogger);
  }

  override getHeaders(): Headers {
    const { size } = this[RANGED_RESPONSE].prepared.described;
    return size === undefined ? super.getHeaders() : { ...super.getHeaders(), length: size };
  }
}

/** Without the length: an interceptor may pass these options on with a stream of another length. */
function toStreamableOptions({ prepared }: Answer, file: StreamableFile): StreamableFile['options'] {
  const { type, headers } = prepared.described;
  const disposition = headers?.['content-disposition'];
  return {
    ...file.options,
    ...(type === undefined ? {} : { type }),
    ...(disposition === undefined ? {} : { disposition }),
  };
}

/** Whether a value was negotiated for this response, also by the package's other copy. */
export function answers(value: StreamableFile, response: ServerResponse): value is RangedResponse {
  const { [RANGED_RESPONSE]: answer } = value as StreamableFile & Partial<Pick<RangedResponse, typeof RANGED_RESPONSE>>;
  return answer?.exchange.response === response;
}
