/** The members used of the AWS SDK, an optional peer that need not be installed to compile this package. */
declare module '@aws-sdk/client-s3' {
  export class HeadObjectCommand {
    constructor(input: object);
  }
  export class GetObjectCommand {
    constructor(input: object);
  }
}
