import { execFileSync } from 'node:child_process';

/** Before all specs, as `npm start` does it. */
export default function compileSampleApp() {
  execFileSync('node', ['node_modules/typescript/bin/tsc', '-p', 'sample-app/tsconfig.build.json'], {
    stdio: 'inherit',
  });
}
