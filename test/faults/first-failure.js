import { writeFileSync } from 'node:fs';

/** A reporter for Jest that ends the run at the first test that fails, and writes its name to the file FIRST_FAILURE. */
export default class FirstFailure {
  onTestCaseResult(_, { status, fullName }) {
    if (status !== 'failed') return;
    writeFileSync(process.env.FIRST_FAILURE, fullName);
    process.exit(1); // the tests after it may hang, each for its own time
  }
}
