import { Injectable } from '@nestjs/common';

/** Stands for `getSignedUrl` of @aws-sdk/s3-request-presigner, `generateSasUrl` of Azure, `getSignedUrl` of Google. */
@Injectable()
export class Signer {
  async sign(key: string): Promise<string> {
    return `https://store.example/${encodeURIComponent(key)}?signature=abc`;
  }
}
