import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Lockfile, missingOptional } from '../../scripts/complete-lockfile.ts';

const lock: Lockfile = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));

test('the lock holds every platform’s packages, so that npm ci takes it everywhere', () => {
  // Where not: node bin/pinned-node.js scripts/complete-lockfile.ts
  expect([...missingOptional(lock).keys()]).toEqual([]);
});

test('the lock holds no download address', () => {
  const addressed = Object.entries(lock.packages).filter(([, locked]) => locked.resolved !== undefined);
  expect(addressed).toEqual([]);
});
