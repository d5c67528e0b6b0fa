import { checkRangedEndpoint } from 'nestjs-range/testing';

/** In an e2e test: `expect(await faultsOf(`${await app.getUrl()}/video/clip.mp4`)).toEqual([])`. */
export async function faultsOf(url: string): Promise<string[]> {
  const findings = await checkRangedEndpoint(url);
  return findings.filter(({ ok }) => !ok).map(({ question, expected, got }) => `${question}: ${expected}; ${got}`);
}
