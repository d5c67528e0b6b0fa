export const generated = [
  {
    name: 'content that is removed keeps an idle descriptor, and so its space',
    edits: [
      {
        file: 'spool.ts',
        code: ', fileHandles.forget(path)]',
        instead: ']',
      },
    ],
    only: 'keeps no descriptor',
    specs: ['spool'],
  },
  {
    name: 'what a killed process has left half made counts for a while',
    edits: [
      {
        file: 'abandoned-files.ts',
        code: 'if (owner !== undefined && hasEnded(owner)) return true;',
        instead: 'hasEnded(String(owner));',
      },
    ],
    specs: ['spool'],
  },
  {
    name: 'processes that have made the same content keep a file each',
    edits: [
      {
        file: 'spool-part.ts',
        code: 'void spool.refreshAnew().catch(() => {});',
        instead: 'void spool.add(file);',
      },
    ],
    only: 'may be shared by processes',
    specs: ['generated-source'],
  },
  {
    name: 'a file dated in the future stays young',
    edits: [
      {
        file: 'spool.ts',
        code: '+ CLOCK_SKEW_MS ? 0 : timeMs',
        instead: '+ CLOCK_SKEW_MS ? timeMs : timeMs',
      },
    ],
    specs: ['spool'],
  },
  {
    name: 'a clock that is set back lengthens the time to live',
    edits: [
      {
        file: 'spool.ts',
        code: ', performance.now() - madeAtTick)',
        instead: ', madeAtTick * 0)',
      },
    ],
    only: 'though the clock is set',
    specs: ['spool'],
  },
  {
    name: 'emptying a spool takes bytes from those who have them open',
    edits: [
      {
        file: 'spool-part.ts',
        code: "if (codeOf(error) !== 'ENOENT') this.warnOf(error);",
        instead: 'if (this.warnOf !== undefined) throw error;',
      },
    ],
    specs: ['spool'],
  },
  {
    name: 'a disk that is full is a fault of the configuration',
    edits: [
      {
        file: 'spool-errors.ts',
        code: 'if (!isFull(error) && !NOT_NOW.has(codeOf(error))) return error;',
        instead: 'if (!NOT_NOW.has(codeOf(error))) return error;',
      },
    ],
    specs: ['full-disk'],
  },
  {
    name: 'content whose name has gone is cut',
    edits: [
      {
        file: 'generations.ts',
        code: 'if (generation.file !== undefined) return await this.represent(generation.file, order);\n    } catch {',
        instead:
          'if (generation.file !== undefined) return await this.represent(generation.file, order);\n    } catch (error) {\n      throw error;',
      },
    ],
    specs: ['generated-source', 'generated'],
  },
  {
    name: 'each request makes the content anew',
    edits: [
      {
        file: 'generations.ts',
        code: 'if (known !== undefined) return known;\n    const beginning',
        instead: 'const beginning',
      },
    ],
    specs: ['generated-source', 'generated'],
  },
  {
    name: 'content that nobody waits for is made to its end',
    edits: [
      {
        file: 'generation.ts',
        code: 'this.abandoning = setTimeout(abandon, this.abandonAfterMs).unref();',
        instead: 'void abandon;',
      },
    ],
    specs: ['generated-source', 'generated'],
  },
  {
    name: 'content that failed looks complete',
    edits: [
      {
        file: 'generation.ts',
        code: "if (state.kind === 'failed') throw state.error;\n      const available",
        instead: "if (state.kind === 'failed') return;\n      const available",
      },
    ],
    specs: ['generated-source', 'generated'],
  },
];
