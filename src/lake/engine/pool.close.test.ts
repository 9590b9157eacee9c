import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import type { EnginePool } from './index.ts';
import { createEnginePool } from './index.ts';

// Who closes a pool may remove the home, or start another server over it: no process of it is left by then.
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lakehouse-engine-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(home, { recursive: true, force: true });
});

function createPool(processes = 1): Promise<EnginePool> {
  return createEnginePool({
    config: configSchema.parse({ engine: { processes, small_processes: 0 }, ingest: { processes: 1 } }),
    folder: join(home, 'engine'),
    log: createLogger({ level: 'silent' }),
  });
}

/** The engine processes that live: of a folder, or the parser, which has none. Found fast, while they start. */
async function living(which = /child\.[jt]s\0/): Promise<readonly number[]> {
  const children = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
  const found: number[] = [];
  for (const pid of children.split(' ').filter((text) => text !== '')) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('/engine/child.') && which.test(command)) found.push(Number(pid));
  }
  return found;
}

const PARSER = /child\.[jt]s\0$/;
const ofFolder = (name: string) => new RegExp(`engine/${name}"`);

async function signalFirst(which: RegExp, signal: NodeJS.Signals): Promise<number> {
  for (;;) {
    const [pid] = await living(which);
    if (pid === undefined) continue;
    process.kill(pid, signal);
    return pid;
  }
}

describe.runIf(process.platform === 'linux')('a closed pool', () => {
  test('leaves no process that was still starting in the place of another', async () => {
    const pool = await createPool();
    await signalFirst(ofFolder('query-1'), 'SIGKILL');
    await signalFirst(ofFolder('query-3'), 'SIGSTOP');
    await pool.close();
    expect(await living()).toEqual([]);
    expect(await readdir(home)).toEqual([]);
  });

  test('ends a parser that was still starting, and does not wait until it has', async () => {
    const pool = await createPool();
    const gone = await signalFirst(PARSER, 'SIGKILL');
    await expect.poll(() => living(PARSER)).not.toContain(gone);
    await signalFirst(PARSER, 'SIGSTOP');
    const closing = pool.close();
    await expect.poll(() => living(), { timeout: 20_000 }).toEqual([]);
    await closing;
  });

  test('leaves none that was still starting where another could not be started', async () => {
    const creating = createPool(2).then(
      () => 'created',
      (error) => error.code,
    );
    await signalFirst(ofFolder('query-2'), 'SIGSTOP');
    await signalFirst(ofFolder('query-1'), 'SIGKILL');
    expect(await creating).toBe('engine.unavailable');
    expect(await living()).toEqual([]);
  });

  test('has no parser started again whose first start failed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const creating = createPool().then(
      () => 'created',
      (error) => error.code,
    );
    await signalFirst(PARSER, 'SIGKILL');
    expect(await creating).toBe('engine.unavailable');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await living()).toEqual([]);
  });
});
