/** What is used of the AWS SDK: it is an optional peer, and not installed where only this package is compiled. */
declare module '@aws-sdk/client-s3' {
  export class HeadObjectCommand {
    constructor(input: object);
  }
  export class GetObjectCommand {
    constructor(input: object);
  }
}
