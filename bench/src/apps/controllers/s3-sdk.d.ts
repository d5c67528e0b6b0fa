/** What is used of the SDK beside the commands, which the package's own sources declare. */
declare module '@aws-sdk/client-s3' {
  export class S3Client {
    constructor(config: object);
    send(command: object, options?: { readonly abortSignal?: AbortSignal }): Promise<S3Answer>;
  }

  export interface S3Answer {
    readonly ContentLength?: number;
    readonly ContentRange?: string;
    readonly ContentType?: string;
    readonly ETag?: string;
    readonly Body: import('node:stream').Readable;
  }
}
