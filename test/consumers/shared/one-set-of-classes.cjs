// With one set of classes for each module system, app.get(RangeParser) would not find what the other one asks for.
const { deepStrictEqual, strictEqual } = require('node:assert');

/** What import adds to each CommonJS module. */
const NAMES_OF_ALL = new Set(['default', 'module.exports']);

for (const name of ['', '/azure', '/gcs', '/gridfs', '/swagger', '/testing'].map(
  (subpath) => `nestjs-range${subpath}`,
)) {
  const required = require(name);
  void import(name).then((imported) => {
    for (const [key, value] of Object.entries(required)) strictEqual(imported[key], value, `${key} of ${name}`);
    deepStrictEqual(
      Object.keys(imported).filter((key) => !(key in required || NAMES_OF_ALL.has(key))),
      [],
    );
    console.log(`ok: import and require of ${name} give the same`);
  });
}
