export const files = [
  {
    name: 'a directory that is swapped for a link leads out of the root',
    edits: [{ file: 'open-file.ts', code: "if (place?.startsWith('/') !== true) return", instead: 'if (true) return' }],
    specs: ['swapped-directories'],
  },
  {
    name: 'the look at a slow file is taken for the stats themselves',
    edits: [
      {
        file: 'version-proof.ts',
        code: 'isPromise(stats) ?',
        instead: 'stats instanceof Promise ?',
      },
    ],
    specs: ['slow-file-systems'],
  },
  {
    name: 'the size of a file that takes up no space is believed',
    edits: [
      {
        file: 'unsized-file.ts',
        code: 'if (blocks > 0n) return false;',
        instead: 'if (blocks >= 0n) return false;',
      },
    ],
    specs: ['unsized-files'],
  },
  {
    name: 'a file is not looked at after its chunks are read',
    edits: [
      {
        file: 'file-reader.ts',
        code: 'const isCovered = this.lease.covers([{ position: this.position, bytes: chunk }]);',
        instead: 'const isCovered = true as boolean | Promise<boolean>;',
      },
    ],
    specs: ['changing-files'],
  },
  {
    name: 'a file that has just been written has a tag',
    edits: [
      {
        file: 'file-validators.ts',
        code: 'if (!isSettled(version)) return NONE;',
        instead: '',
      },
    ],
    specs: ['file-versions'],
  },
  {
    name: 'a date in the future keeps a file young',
    edits: [
      {
        file: 'settled-version.ts',
        code: 'return modifiedAt > now ? !hasChangedLately(version) :',
        instead: 'return modifiedAt > now ? false :',
      },
    ],
    specs: ['file-source'],
  },
  {
    name: 'a date that nobody has set makes a tag',
    edits: [
      {
        file: 'file-validators.ts',
        code: 'Date.UTC(1990)',
        instead: 'Date.UTC(1800)',
      },
    ],
    specs: ['file-versions'],
  },
  {
    name: 'a missing file of one route hides those of others in the log',
    edits: [
      {
        file: 'log-interval.ts',
        code: 'this.intervals.get(route) ??',
        instead: 'this.intervals.values().next().value ??',
      },
    ],
    only: 'is logged for each route',
    specs: ['names'],
  },
  {
    name: 'bytes are hashed for each request of a kept source',
    edits: [
      {
        file: 'bytes-source.ts',
        code: 'tag ??= tagOfBytes(bytes)',
        instead: 'tag = tagOfBytes(bytes)',
      },
    ],
    specs: ['memory-sources'],
  },
  {
    name: 'a version is hashed for each request',
    edits: [
      {
        file: 'content-tags.ts',
        code: 'if (begun !== undefined) return begun;',
        instead: '',
      },
    ],
    specs: ['file-source'],
  },
  {
    name: 'a file that grew is taken for one that was appended to',
    edits: [
      {
        file: 'version-proof.ts',
        code: 'if (now.some((block, i) => block?.checksum !== blocks[i]?.checksum)) return false;',
        instead: 'if (now.length === 0) return false;',
      },
    ],
    specs: ['file-source'],
  },
  {
    name: 'a time that was set back hides a write',
    edits: [
      {
        file: 'version-proof.ts',
        code: "return now.ctimeNs === seen.ctimeNs ? 'none' : 'to be compared';",
        instead: "return 'none';",
      },
    ],
    specs: ['file-source'],
  },
  {
    name: 'links may lead out of the root',
    edits: [
      {
        file: 'confine-path.ts',
        code: 'return realPath.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep);',
        instead: "return realPath.startsWith(sep) || realRoot === '';",
      },
    ],
    specs: ['file-source'],
  },
  {
    name: 'a name may lead upwards',
    edits: [
      {
        file: 'confine-path.ts',
        code: "if (segment === '.' || segment === '..') return",
        instead: "if (segment === '.') return",
      },
    ],
    specs: ['confine-path'],
  },
  {
    name: 'a root that does not exist is not warned of',
    edits: [
      {
        file: 'open-file.ts',
        code: 'if (root !== undefined) await checkRoot(root);',
        instead: '',
      },
    ],
    specs: ['names'],
  },
  {
    name: 'on Windows a name may mean something else',
    edits: [
      {
        file: 'confine-path.ts',
        code: 'if (/[. ]$/.test(segment)) return false;',
        instead: '',
      },
    ],
    specs: ['confine-path'],
  },
  {
    name: 'the rules of Windows count everywhere',
    edits: [
      {
        file: 'confine-path.ts',
        code: "return sep === '\\\\';",
        instead: "return sep !== '';",
      },
    ],
    specs: ['names'],
  },
  {
    name: 'a descriptor is closed under its reader',
    edits: [
      {
        file: 'descriptor-cache.ts',
        code: '    if (handle.leases === 0) await this.close(handle);\n  }\n\n  private toLease',
        instead: '    await this.close(handle);\n  }\n\n  private toLease',
      },
    ],
    specs: ['descriptor-cache'],
  },
  {
    name: 'a replaced file is served from the descriptor that was kept',
    edits: [
      {
        file: 'open-descriptor.ts',
        code: 'stats.nlink > 0n &&\n      stats.ino === version.ino &&\n      stats.dev === version.dev &&',
        instead: '',
      },
      {
        file: 'open-descriptor.ts',
        code: 'stats.ctimeNs === version.ctimeNs',
        instead: 'true',
      },
    ],
    specs: ['hardening', 'descriptor-cache'],
  },
  {
    name: 'a compressed file beside a folder is served in its place',
    edits: [
      {
        file: 'folder-source.ts',
        code: 'if (original === undefined && (await exists(path))) {',
        instead: 'if (original === undefined && path === root) {',
      },
    ],
    specs: ['folder-source'],
  },
  {
    name: 'a coding has the entity tag of the file itself',
    edits: [
      {
        file: 'folder-source.ts',
        code: 'const etag = representation.etag?.replace(/"$/, `-${coding}"`);',
        instead: 'const etag = representation.etag;',
      },
    ],
    specs: ['folder-source'],
  },
  {
    name: 'a coding that was made of an older version is sent',
    edits: [
      {
        file: 'folder-source.ts',
        code: 'if (!isOutdated(sibling, original)) return',
        instead: 'if (sibling !== original) return',
      },
    ],
    specs: ['folder-source'],
  },
  {
    name: 'caches are not told that codings differ',
    edits: [
      {
        file: 'folder-source.ts',
        code: "if (this.folder.codings.length > 0) headers['vary'] = 'Accept-Encoding';",
        instead: '',
      },
    ],
    specs: ['folder-source'],
  },
  {
    name: 'a promise makes every name immutable',
    edits: [
      {
        file: 'folder-source.ts',
        code: "if (typeof verdict !== 'object' || verdict === null || !('then' in verdict)) return Boolean(verdict);",
        instead: 'return Boolean(verdict);',
      },
    ],
    specs: ['folder-source'],
  },
  {
    name: 'a file that lost bytes is taken for one that was appended to',
    edits: [
      {
        file: 'version-proof.ts',
        code: "now.size > seen.size ? 'to be compared' : 'another version'",
        instead: "'to be compared'",
      },
    ],
    specs: ['changing-files'],
  },
  {
    name: 'what is read without the thread pool may belong to another version',
    edits: [
      {
        file: 'resident-read.ts',
        code: 'if (isComplete && lease.isCurrentAtOnce()) {',
        instead: 'if (isComplete) {',
      },
    ],
    specs: ['resident-read'],
  },
  {
    name: 'pages that nobody has read are read without the thread pool',
    edits: [
      {
        file: 'resident-read.ts',
        code: ' || !this.pages.has(firstPos, length)) return undefined;',
        instead: ') return undefined;',
      },
    ],
    specs: ['resident-read'],
  },
  {
    name: 'slow reads go on without the thread pool',
    edits: [
      {
        file: 'resident-read.ts',
        code: 'if (this.slowReads >= SLOW_READS) this.pausedUntil',
        instead: 'if (this.slowReads < 0) this.pausedUntil',
      },
    ],
    specs: ['resident-read'],
  },
  {
    name: 'files on any file system are read without the thread pool',
    edits: [{ file: 'local-disk.ts', code: 'return LOCAL_TYPES.has(type);', instead: 'return type !== 0;' }],
    specs: ['resident-read'],
  },
  {
    name: 'a HEAD of a file expects the content of a GET',
    edits: [
      {
        file: 'primed-content.ts',
        code: 'return first === undefined ? PrimedContent.empty() : new',
        instead: 'return new',
      },
    ],
    specs: ['resident-reads'],
  },
];
