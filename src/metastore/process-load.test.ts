import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchProcessLoad } from './process-load.ts';

/** Two windows. */
const LONG_MS = 100;

it('is busy after the loop had no idle time, and no longer once it had', async () => {
  const isBusy = watchProcessLoad();
  await wait(LONG_MS);
  isBusy();
  const untilMs = performance.now() + LONG_MS;
  while (performance.now() < untilMs);
  expect(isBusy()).toBe(true);
  await wait(LONG_MS);
  expect(isBusy()).toBe(false);
});
