import { execFileSync } from 'node:child_process';
import type { FixtureDirectory } from '../sources/fixtures.js';
import { readFileSync } from 'node:fs';

/** A fresh key and a certificate for it that nobody has signed. */
export function createCertificate(fixtures: FixtureDirectory): { readonly key: string; readonly cert: string } {
  const [keyPath, certPath] = [fixtures.at('key.pem'), fixtures.at('cert.pem')];
  const request = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const output = ['-keyout', keyPath, '-out', certPath, '-days', '2', '-subj', '/CN=localhost'];
  execFileSync('openssl', [...request, ...output], { stdio: 'pipe' });
  return { key: readFileSync(keyPath, 'utf8'), cert: readFileSync(certPath, 'utf8') };
}
