import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import type { EngineLease, EnginePool, LeaseRequest } from './index.ts';
import { createEnginePool } from './index.ts';

// F-9: a query over its memory or time, or an engine process killed, fails alone.
let home: string;
let pool: EnginePool;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lakehouse-engine-'));
  pool = await createEnginePool({
    config: configSchema.parse({
      engine: { processes: 2, small_processes: 0, process_memory_mb: 700, spill_limit_mb: 16 },
    }),
    folder: join(home, 'engine'),
    log: createLogger({ level: 'silent' }),
  });
});
afterAll(async () => {
  await pool.close();
  await rm(home, { recursive: true, force: true });
});

function lease(changes: Partial<LeaseRequest> = {}): Promise<EngineLease> {
  return pool.lease({
    lane: 'query',
    readFiles: [],
    writeFiles: [],
    memoryLimitMb: 128,
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    ...changes,
  });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error) => error.code ?? String(error),
  );
}

/** Engine processes of this test, by the folder in their command line. */
async function processesOf(folder: string): Promise<number[]> {
  const pids: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(join(home, 'engine', folder))) pids.push(Number(name));
  }
  return pids;
}

/** Ends the process of a folder and freezes the one that takes its place while it starts. */
async function freezeSuccessor(gone: string, successor: string): Promise<void> {
  const [pid] = await processesOf(gone);
  if (pid === undefined) throw new Error('no engine process');
  process.kill(pid, 'SIGKILL');
  let starting: number | undefined;
  while (starting === undefined) [starting] = await processesOf(successor);
  process.kill(starting, 'SIGSTOP');
}

/** About a second of work. */
const ENDING = 'SELECT count(*) FROM range(150000000) r(i) WHERE hash(i) = 1';
const LONG = 'SELECT count(*) FROM range(100000000000) a(x) WHERE hash(x) = 1';

describe('engine faults', () => {
  it.runIf(process.platform === 'linux')(
    'fails only the query whose process is killed, as retryable, and replaces it',
    async () => {
      const leases = [await lease(), await lease()];
      const [pid] = await processesOf('query-1');
      if (pid === undefined) throw new Error('no engine process');
      // Which lease has which process is the pool's affair: one of the two dies, the other answers.
      const work = leases.map((each) => codeOf(each.query(ENDING)));
      process.kill(pid, 'SIGKILL');
      expect((await Promise.all(work)).toSorted()).toEqual(['engine.process_died', 'no error']);
      await Promise.all(leases.map((each) => each.release()));
      const again = await Promise.all([lease(), lease()]);
      for (const each of again) {
        expect((await each.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
        await each.release();
      }
      expect(pool.stats().restarts).toBeGreaterThan(0);
    },
  );

  it.runIf(process.platform === 'linux')(
    'tells a holder that its process died before the first statement was sent',
    async () => {
      const leases = [await lease(), await lease()];
      const [pid] = await processesOf('query-2');
      if (pid === undefined) throw new Error('no engine process');
      process.kill(pid, 'SIGKILL');
      // Its folder, with the pipe of its results in it, goes with the process.
      await expect.poll(() => processesOf('query-2')).not.toContain(pid);
      const codes = await Promise.all(
        leases.map((each) => codeOf(each.stream('SELECT 1 AS a', [], 'ndjson'))),
      );
      expect(codes.toSorted()).toEqual(['engine.process_died', 'no error']);
      await Promise.all(leases.map((each) => each.release()));
    },
  );

  it.runIf(process.platform === 'linux')(
    'replaces a process that answers no more when its lease is given back',
    async () => {
      const leases = [await lease(), await lease()];
      for (const each of leases) await each.query('SELECT 1 AS a');
      const pids = (await Promise.all([1, 2, 3, 4].map((made) => processesOf(`query-${made}`)))).flat();
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      await Promise.all(leases.map((each) => each.release()));
      const next = await lease();
      expect((await next.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
      await next.release();
    },
  );

  it.runIf(process.platform === 'linux')(
    'kills a process that freezes while it starts, and starts another',
    async () => {
      const folder = 'frozen';
      const other = await createEnginePool({
        config: configSchema.parse({
          engine: { processes: 1, small_processes: 0, queue_timeout_ms: 600_000 },
        }),
        folder: join(home, 'engine', folder),
        log: createLogger({ level: 'silent' }),
      });
      // The timers of this side are turned by hand; the processes run by themselves.
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        // The one process of the lane for ingests is made after that for queries.
        await freezeSuccessor(`${folder}/query-1`, `${folder}/query-3`);
        const waiting = other.lease({
          lane: 'query',
          readFiles: [],
          writeFiles: [],
          memoryLimitMb: 128,
          timeoutMs: 600_000,
          signal: new AbortController().signal,
        });
        await vi.advanceTimersByTimeAsync(60_000);
        await expect.poll(() => processesOf(`${folder}/query-3`), { timeout: 20_000 }).toEqual([]);
        // A pause later the next one is started.
        const startedAgain = async () => {
          await vi.advanceTimersByTimeAsync(1_000);
          return other.stats().restarts;
        };
        await expect.poll(startedAgain, { timeout: 20_000 }).toBe(2);
        const next = await waiting;
        expect((await next.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
        await next.release();
      } finally {
        vi.useRealTimers();
        await other.close();
      }
    },
  );

  it('fails a query that outgrows memory and spill, and no other', async () => {
    const heavy = await lease();
    const other = await lease();
    const sort = heavy.query("SELECT len(list(repeat('x', 1000) || i)) FROM range(2000000) t(i)");
    const [code, answer] = await Promise.all([codeOf(sort), other.query('SELECT 42 AS a')]);
    expect(code).toBe('engine.memory');
    expect(answer.rows).toEqual([{ a: 42 }]);
    await Promise.all([heavy.release(), other.release()]);
  });

  it('kills what does not heed an interrupt, and answers with the reason', async () => {
    const stubborn = await lease({ timeoutMs: 300 });
    const code = await codeOf(
      stubborn.query('SELECT len(list_sort(list_transform(range(6000000), lambda x: hash(x))))'),
    );
    expect(code).toMatch(/^engine\.(timeout|memory)$/);
    await stubborn.release();
    const next = await lease();
    expect((await next.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
    await next.release();
  });

  it('leaves no file of a query behind', async () => {
    const spilling = await lease({ memoryLimitMb: 64 });
    await codeOf(
      spilling.query(
        'SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY hash(i)) AS r FROM range(3000000) t(i)) WHERE r > 5',
      ),
    );
    await spilling.release();
    for (const folder of await readdir(join(home, 'engine'))) {
      expect(await readdir(join(home, 'engine', folder, 'spill'))).toEqual([]);
    }
  });

  it('ends every process and removes its folder at close', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lakehouse-engine-close-'));
    const other = await createEnginePool({
      config: configSchema.parse({ engine: { processes: 1, small_processes: 0 } }),
      folder: join(folder, 'engine'),
      log: createLogger({ level: 'silent' }),
    });
    const held = await other.lease({
      lane: 'query',
      readFiles: [],
      writeFiles: [],
      memoryLimitMb: 128,
      timeoutMs: 60_000,
      signal: new AbortController().signal,
    });
    const running = codeOf(held.query(LONG));
    await other.close();
    expect(await running).toBe('engine.process_died');
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });
});
