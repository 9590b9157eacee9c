import { readFileSync } from 'node:fs';

/** The version of this package: package.json stands one folder up, in the sources and in the compiled package alike. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(text) as { version: unknown }).version);
}
