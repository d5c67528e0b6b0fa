/** What sources over stores promise: S3, Azure, Google and GridFS. */
export const stores = [
  {
    name: 'a file of credentials that is missing is taken for a missing object',
    edits: [
      {
        file: 'store-errors.ts',
        code: 'if (refusal !== undefined && isOfObject(refusal)) {',
        instead:
          "if (reasons.includes('ENOENT')) return new SourceNotFoundError(name, options);\n  if (refusal !== undefined && isOfObject(refusal)) {",
      },
    ],
    only: 'web-identity',
    specs: ['store-faults'],
  },
  {
    name: 'a service for tokens that refuses is taken for the store, of Azure',
    edits: [
      {
        file: 'azure-blob-source.ts',
        code: "if (typeof statusCode !== 'number' || response === undefined) return undefined;",
        instead: "if (typeof statusCode !== 'number') return undefined;",
      },
    ],
    specs: ['store-faults'],
  },
  {
    name: 'an answer from another path is taken for that of the blob',
    edits: [
      {
        file: 'azure-blob-source.ts',
        code: 'pathOf(request.url) !== pathOf(url)',
        instead: 'pathOf(request.url) === undefined',
      },
    ],
    specs: ['store-faults', 'store-source'],
  },
  {
    name: 'a service for tokens that refuses is taken for the store, of Google',
    edits: [
      {
        file: 'gcs-source.ts',
        code: 'response === undefined || response.config !== undefined',
        instead: 'response === undefined',
      },
    ],
    specs: ['store-faults'],
  },
  {
    name: 'a service for tokens that refuses is taken for the store, of S3',
    edits: [
      {
        file: 's3-request.ts',
        code: 'if (this.hasBegun && (this.answer === undefined || this.answer !== ($response ?? this.answer))) return undefined;',
        instead: '',
      },
    ],
    specs: ['s3-request'],
  },
  {
    name: 'a clock that is wrong is taken for a missing object',
    edits: [{ file: 'store-errors.ts', code: ' && !(status === 403 && isClockSkewed(headers))', instead: '' }],
    specs: ['store-errors'],
  },
  {
    name: 'credentials that the store does not know are taken for a missing object',
    edits: [{ file: 'store-errors.ts', code: '!UNAUTHENTICATED.has(code) && ', instead: '' }],
    specs: ['store-errors'],
  },
  {
    name: 'a store that refuses an object is not told of',
    edits: [
      {
        file: 'failure-log.ts',
        code: 'if (isForbidden(error)) this.warnOfForbidden(exchange, error);',
        instead: '',
      },
    ],
    only: 'refuses the object',
    specs: ['store-faults'],
  },
  {
    name: 'a store that refuses objects is told of with each request',
    edits: [{ file: 'failure-log.ts', code: 'if (!this.forbidden.begin(route)) return;', instead: '' }],
    only: 'refuses the object',
    specs: ['store-faults'],
  },
  {
    name: 'what is not there is a fault of the server',
    edits: [{ file: 'store-errors.ts', code: 'if (NOT_FOUND.has(refusal.status))', instead: 'if (NOT_FOUND.has(0))' }],
    only: 'if the object has gone',
    specs: ['stores'],
  },
  {
    name: 'what the driver says of a file that was replaced is not explained',
    edits: [{ file: 'gridfs-content.ts', code: 'if (isOfFile(failure)) reason = await check();', instead: '' }],
    only: 'gridfs',
    specs: ['store-replaced'],
  },
  {
    name: 'a file that became empty looks like the content that was due',
    edits: [
      {
        file: 'gridfs-content.ts',
        code: 'if (this.count === 1) callback(null, this.last);',
        instead: 'if (this.count <= 1) callback(null, this.last);',
      },
    ],
    only: 'gridfs',
    specs: ['store-replaced'],
  },
  {
    name: 'chunks of a file that was replaced meanwhile are sent with the others',
    edits: [
      {
        file: 'gridfs-content.ts',
        code: 'this.check().then((reason) => callback(reason ?? null, this.last), callback)',
        instead: 'callback(null, this.last)',
      },
    ],
    only: 'gridfs',
    specs: ['store-replaced'],
  },
  {
    name: 'a file that was put in place of another is not noticed',
    edits: [{ file: 'gridfs-source.ts', code: 'if (difference !== undefined) body.destroy(difference);', instead: '' }],
    only: 'gridfs',
    specs: ['store-replaced'],
  },
  {
    name: 'a cursor stays open',
    edits: [{ file: 'gridfs-content.ts', code: 'stream.abort?.().catch(() => {});', instead: '' }],
    only: 'gridfs',
    specs: ['stores'],
  },
  {
    name: 'metadata that has proved to be out of date is used again',
    edits: [{ file: 'store-source.ts', code: 'isStale = true;', instead: '' }],
    only: 'given with its tag',
    specs: ['store-replaced'],
  },
  {
    name: 'what is remembered is not forgotten when it is out of date',
    edits: [
      { file: 'store-source.ts', code: 'if (remembered !== undefined) metadataCache.delete(remembered);', instead: '' },
    ],
    only: 'remembered',
    specs: ['store-replaced'],
  },
  {
    name: 'an object that the app knows as empty is never looked at again',
    edits: [
      {
        file: 'store-source.ts',
        code: 'found === known && known.size === 0 ?',
        instead: 'found === known && known.size < 0 ?',
      },
    ],
    only: 'where it was empty',
    specs: ['store-replaced'],
  },
  {
    name: 'an object that is remembered as empty is never looked at again',
    edits: [
      { file: 'store-source.ts', code: 'return found?.size === 0 ? undefined : found;', instead: 'return found;' },
    ],
    only: 'where it was empty',
    specs: ['store-replaced'],
  },
  {
    name: 'an answer of another version is taken',
    edits: [
      {
        file: 'check-answer.ts',
        code: 'return etag === known.etag;',
        instead: 'return true;',
      },
    ],
    specs: ['store-source'],
  },
  {
    name: 'an answer with another range is taken',
    edits: [
      {
        file: 'check-answer.ts',
        code: 'if (answered.firstPos !== asked.firstPos || answered.lastPos !== asked.lastPos) throw',
        instead: 'if (answered.firstPos > answered.lastPos) throw',
      },
    ],
    only: 'sends another range',
    specs: ['stores'],
  },
  {
    name: 'an object without a length is empty',
    edits: [
      {
        file: 'sendable-metadata.ts',
        code: 'const { size, type, etag, lastModified, headers = {} } = metadata;',
        instead: 'const { size = 0, type, etag, lastModified, headers = {} } = metadata;',
      },
    ],
    specs: ['store-source'],
  },
  {
    name: 'a part that an upstream sends as a 200 is the whole',
    edits: [{ file: 'http-source.ts', code: 'if (isPart(response, size)) {', instead: 'if (false) {' }],
    specs: ['http-source'],
  },
  {
    name: 'a HEAD that S3 refuses is not explained',
    edits: [{ file: 's3-source.ts', code: 'if (![400, 403].includes(', instead: 'if (![].includes(' }],
    specs: ['store-source'],
  },
  {
    name: 'the ranges of one response may be of several versions',
    edits: [
      {
        file: 'stored-representation.ts',
        code: 'if (etag !== undefined) this.known = { ...this.known, etag };',
        instead: '',
      },
    ],
    specs: ['store-source'],
  },
  {
    name: 'an object of Google that is pinned to a generation has lost its key',
    edits: [
      {
        file: 'gcs-source.ts',
        code: '    encryptionKey,\n    userProject: payerOf(file),',
        instead: '    userProject: payerOf(file),',
      },
    ],
    specs: ['store-tenants'],
  },
  {
    name: 'an object of Google that is pinned to a generation has lost its payer',
    edits: [
      {
        file: 'gcs-source.ts',
        code: '    encryptionKey,\n    userProject: payerOf(file),',
        instead: '    encryptionKey,',
      },
    ],
    specs: ['store-tenants'],
  },
  {
    name: 'a range of an object of Google is asked for without its payer',
    edits: [
      {
        file: 'gcs-source.ts',
        code: 'const payer = userProject === undefined ? {} : { userProject };',
        instead: 'const payer = {};',
      },
    ],
    specs: ['store-tenants'],
  },
  {
    name: 'an object of Google that is pinned to a generation has lost its interceptors',
    edits: [{ file: 'gcs-source.ts', code: 'version.interceptors?.push(...others);', instead: '' }],
    specs: ['store-tenants'],
  },
  {
    name: 'a range in S3 is asked for without the parameters of the object',
    edits: [
      {
        file: 's3-source.ts',
        code: 'const input = { ...parameters, Range:',
        instead: 'const input = { Bucket: object.Bucket, Key: object.Key, Range:',
      },
    ],
    specs: ['store-tenants'],
  },
  {
    name: 'metadata in S3 is asked for without the parameters of the object',
    edits: [
      {
        file: 's3-source.ts',
        code: 'new HeadObjectCommand({ ...parameters })',
        instead: 'new HeadObjectCommand({ Bucket: object.Bucket, Key: object.Key })',
      },
    ],
    specs: ['store-tenants'],
  },
  {
    name: 'a range in Azure is asked for without the key of the blob',
    edits: [
      {
        file: 'azure-blob-source.ts',
        code: 'rangeLength(range), {\n        ...key,',
        instead: 'rangeLength(range), {',
      },
    ],
    specs: ['store-tenants'],
  },
  {
    name: 'ids of GridFS that look alike share their metadata',
    edits: [
      {
        file: 'gridfs-id.ts',
        code: "if (typeof id === 'string') return JSON.stringify(id);",
        instead: "if (typeof id === 'string') return `number ${id}`;",
      },
    ],
    specs: ['store-tenants'],
  },
  {
    name: 'ids of GridFS of an unknown type share their metadata',
    edits: [
      {
        file: 'gridfs-id.ts',
        code: 'return isPlain(id) ? documentKey(id) : undefined;',
        instead: 'return documentKey(id);',
      },
    ],
    specs: ['store-tenants'],
  },
  {
    name: 'operators in the place of an id find other files',
    edits: [{ file: 'gridfs-id.ts', code: '_id: isDocument ? { $eq: id } : id', instead: '_id: id' }],
    specs: ['store-tenants'],
  },
  {
    name: 'metadata of S3 is remembered by the key alone',
    edits: [
      {
        file: 's3-source.ts',
        code: 'key: keyOf(Object.entries(parameters))',
        instead: 'key: name',
      },
    ],
    specs: ['store-tenants'],
  },
  {
    name: 'metadata of Azure is remembered for all who know the URL',
    edits: [
      {
        file: 'azure-blob-source.ts',
        code: '?? blob.credential ?? blob;',
        instead: '?? metadataOwner;\n}\nconst metadataOwner = {};\nif (false) {',
      },
    ],
    specs: ['store-source', 'store-tenants'],
  },
  {
    name: 'metadata of Azure is remembered whatever key and lease it was asked for with',
    edits: [
      {
        file: 'azure-blob-source.ts',
        code: 'keyOf([blob.url, customerProvidedKey, conditions])',
        instead: 'blob.url',
      },
    ],
    specs: ['store-tenants'],
  },
  {
    name: 'metadata of Google is remembered whatever key and payer it was asked for with',
    edits: [
      {
        file: 'gcs-source.ts',
        code: 'const key = [bucket.name, name, generation, payerOf(file), encryptionKey, file.instancePreconditionOpts];',
        instead: 'const key = [bucket.name, name, generation];',
      },
    ],
    specs: ['store-tenants'],
  },
  {
    name: 'metadata is taken from the memory though it may have no age',
    edits: [
      {
        file: 'metadata-cache.ts',
        code: 'Math.min(ttlMs, entry.ttlMs)',
        instead: 'Math.max(ttlMs, entry.ttlMs)',
      },
    ],
    only: 'metadataTtlMs is 0',
    specs: ['store-tenants'],
  },
  {
    name: 'metadata is written into the memory though it may have no age',
    edits: [{ file: 'metadata-cache.ts', code: 'if (ttlMs === 0) return;', instead: '' }],
    only: 'metadataTtlMs is 0',
    specs: ['store-tenants'],
  },
  {
    name: 'a store that falls silent is waited for',
    edits: [
      {
        file: 'within-time.ts',
        code: 'return await Promise.race([pending, end.reached]);',
        instead: 'return await pending;',
      },
    ],
    only: 's3',
    specs: ['store-silence'],
  },
  {
    name: 'requests of Google that are given up stay open',
    edits: [{ file: 'abortable-requests.ts', code: 'for (const request of this.requests) end(request);', instead: '' }],
    only: 'gcs',
    specs: ['store-silence'],
  },
  {
    name: 'requests of Google stay open when the client leaves',
    edits: [
      {
        file: 'abortable-requests.ts',
        code: "else signal.addEventListener('abort', () => this.abort(), { once: true });",
        instead: '',
      },
    ],
    only: 'gcs',
    specs: ['store-silence'],
  },
  {
    name: 'a store that falls silent within the content is waited for',
    edits: [{ file: 'store-content.ts', code: 'this.body.destroy(this.stall);', instead: '' }],
    only: 'in the content',
    specs: ['store-silence'],
  },
  {
    name: 'the body of an answer stays open when nobody reads it',
    edits: [{ file: 'stored-representation.ts', code: 'this.content?.destroy();', instead: '' }],
    specs: ['store-source'],
  },
  {
    name: 'a body that comes too late stays open',
    edits: [{ file: 'within-time.ts', code: 'pending.then(release, () => {});', instead: 'pending.catch(() => {});' }],
    specs: ['store-source'],
  },
  {
    name: 'metadata that the app gives is not checked',
    edits: [{ file: 'check-metadata.ts', code: 'return faultOf(value) === undefined;', instead: 'return true;' }],
    specs: ['check-metadata'],
  },
  {
    name: 'a size may be a string',
    edits: [
      {
        file: 'check-metadata.ts',
        code: 'if (Number.isSafeInteger(size) && Number(size) >= 0) return undefined;',
        instead: 'if (Number.isSafeInteger(Number(size)) && Number(size) >= 0) return undefined;',
      },
    ],
    specs: ['check-metadata'],
  },
  {
    name: 'a delete marker is a fault of the store',
    edits: [{ file: 's3-request.ts', code: 'isDeleteMarker(status, headers) ? 404 : status', instead: 'status' }],
    only: 'delete marker',
    specs: ['store-source'],
  },
  {
    name: 'the checksum of a whole object is compared with a part of it',
    edits: [{ file: 's3-request.ts', code: 'withoutChecksumOfMore(result.response);', instead: '' }],
    specs: ['s3-request'],
  },
  {
    name: 'the checksum of a whole object is not compared with it',
    edits: [{ file: 's3-request.ts', code: 'if (statusCode !== 206 || isWhole) return;', instead: '' }],
    specs: ['s3-request'],
  },
  {
    name: 'a store without checksums is not told how to be asked',
    edits: [
      { file: 's3-source.ts', code: 'refusalOf(error)?.status === 501 ?', instead: 'refusalOf(error)?.status === 0 ?' },
    ],
    specs: ['s3-request', 'store-source'],
  },
];
