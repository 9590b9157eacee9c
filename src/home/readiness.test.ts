import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLogger, systemClock } from '../base/index.ts';
import { openMetastore } from '../metastore/index.ts';
import { createReadiness } from './readiness.ts';

test('the store is called ready after it has kept something', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'readiness-'));
  const store = await openMetastore({
    file: join(folder, 'store.db'),
    config: { commit_timeout_ms: 30_000 },
    clock: systemClock,
    log: createLogger({ level: 'silent' }),
  });
  const clock = { nowMs: () => 7, monotonicMs: () => 0 };
  expect(await createReadiness({ store, clock })()).toEqual({ ready: true, reasons: [] });
  expect(await store.read(store.queries.selectFrom('store_probes').selectAll())).toMatchObject([
    { probed_ms: 7 },
  ]);
  await store.close();
  await rm(folder, { recursive: true });
});
