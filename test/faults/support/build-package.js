import { execFileSync } from 'node:child_process';

/** For the servers that run in processes of their own. */
export default function buildPackage() {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
