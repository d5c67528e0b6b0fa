import { type RangeSource, SourceChangedError, SourceNotFoundError } from 'nestjs-range';

export interface Database {
  query(text: string, values: readonly unknown[]): Promise<{ rows: Row[] }>; // a Pool of `pg`
}
type Row = { size: number; type: string; version: number; bytes: Buffer };

/** Files that are large objects of PostgreSQL, described in a table of the app. */
export function largeObjectSource(db: Database, oid: number, chunkSize = 256 * 1024): RangeSource {
  return {
    async resolve() {
      const found = await db.query('SELECT size, type, version FROM files WHERE oid = $1', [oid]);
      if (found.rows[0] === undefined) throw new SourceNotFoundError(`there is no file ${oid}`);
      const { size, type, version } = found.rows[0];
      return {
        size,
        type,
        etag: `"${version}"`,
        async *open(range) {
          const end = range === undefined ? size : range.lastPos + 1;
          for (let at = range?.firstPos ?? 0; at < end; at += chunkSize) {
            const { rows } = await db.query(
              'SELECT version, lo_get(oid, $2, $3) AS bytes FROM files WHERE oid = $1', // one statement sees one version
              [oid, at, Math.min(chunkSize, end - at)],
            );
            if (rows[0]?.version !== version) throw new SourceChangedError(`file ${oid} was replaced`);
            yield rows[0].bytes;
          }
        },
      };
    },
  };
}
