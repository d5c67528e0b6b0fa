import 'node:fs'; // first: graceful-fs, which Jest loads, would patch the streams of Deno for good
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Runs the spec of the first argument, and tells the parent how each of its tests has ended. */
const { addEventHandler, getState, run, setState } = createRequire(import.meta.url)('jest-circus');

let current;
setState({ ...getState(), testTimeout: 60_000 });
addEventHandler(({ name, test }) => {
  if (name === 'test_start') current = test;
  if (name === 'test_done') process.send({ name: fullName(test), errors: test.errors.map(messageOf) });
});
process.on('uncaughtException', (error) => {
  if (current === undefined) throw error;
  current.errors.push(error);
});
await import(pathToFileURL(process.argv[2]).href);
const { unhandledErrors } = await run();
for (const error of unhandledErrors) process.send({ name: 'its hooks', errors: [messageOf(error)] });
process.send('complete', () => process.exit());

function fullName({ name, parent }) {
  return parent.name === 'ROOT_DESCRIBE_BLOCK' ? name : `${fullName(parent)} › ${name}`;
}

function messageOf(error) {
  const [thrown, asynchronous] = Array.isArray(error) ? error : [error];
  return String(thrown?.stack ?? asynchronous?.stack ?? thrown);
}
