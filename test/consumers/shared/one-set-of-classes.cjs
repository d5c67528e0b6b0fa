// With one set of classes for each module system, app.get(RangeParser) would not find what the other one asks for.
const { strictEqual } = require('node:assert');
const required = require('nestjs-range');

void import('nestjs-range').then((imported) => {
  strictEqual(imported.RangeParser, required.RangeParser);
  console.log('ok: import and require give the same classes');
});
