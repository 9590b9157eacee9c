import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createLogger } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import type { EngineLease, EnginePool } from './index.ts';
import { createEnginePool } from './index.ts';

// A request's time is one for its wait and its run together. The timers of this side are turned by hand; the engine
// process has its own.
let home: string;
let pool: EnginePool;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lakehouse-engine-'));
  pool = await createEnginePool({
    config: configSchema.parse({ engine: { processes: 1, small_processes: 0, queue_timeout_ms: 600_000 } }),
    folder: join(home, 'engine'),
    log: createLogger({ level: 'silent' }),
  });
});
afterEach(() => vi.useRealTimers());
afterAll(async () => {
  await pool.close();
  await rm(home, { recursive: true, force: true });
});

function lease(timeoutMs: number, spentMs = 0): Promise<EngineLease> {
  return pool.lease({
    lane: 'query',
    readFiles: [],
    writeFiles: [],
    memoryLimitMb: 128,
    timeoutMs,
    spentMs,
    signal: new AbortController().signal,
  });
}

const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error) => ({ code: error.code, detail: error.message }),
  );

const LONG = 'SELECT count(*) FROM range(100000000000) a(x) WHERE hash(x) = 1';

test('a request whose time ends while it waits for a process is refused, and leaves the queue', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const first = await lease(60_000);
  const second = refusalOf(lease(200));
  await vi.advanceTimersByTimeAsync(200);
  expect(pool.stats()).toMatchObject({ query_busy: 1, query_queued: 0 });
  expect(await second).toEqual({
    code: 'engine.timeout',
    detail: expect.stringContaining('waited for an engine process'),
  });
  await first.release();
});

test('what had passed of its time before a request asked for a process counts', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const first = await lease(60_000);
  const second = refusalOf(lease(10_000, 9_900));
  await vi.advanceTimersByTimeAsync(100);
  expect(await second).toEqual({
    code: 'engine.timeout',
    detail: expect.stringContaining('10000 ms'),
  });
  await first.release();
});

test('a request that waited runs for the rest of its time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const first = await lease(60_000);
  const waiting = lease(3_000);
  await vi.advanceTimersByTimeAsync(2_900);
  await first.release();
  const second = await waiting;
  const run = refusalOf(second.query(LONG));
  await vi.advanceTimersByTimeAsync(100);
  expect(await run).toMatchObject({ code: 'engine.timeout' });
  await second.release();
});
