/** Stands for `@aws-sdk/client-s3` where the SDK is not installed: commands that say what they ask for. */
export class HeadObjectCommand {
  readonly kind = 'head';

  constructor(readonly input: object) {}
}

export class GetObjectCommand {
  readonly kind = 'get';

  constructor(readonly input: object) {}
}
