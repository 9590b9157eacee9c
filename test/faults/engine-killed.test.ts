import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiAnswer } from '../harness/server.ts';
import { type ChildServer, makeTestHome, startChild, type TestHome } from './child-server.ts';

/** F-9: the process that runs a query dies. */

let home: TestHome;
let server: ChildServer;

beforeAll(async () => {
  home = await makeTestHome({ config: '[engine]\nprocesses = 2\nsmall_processes = 0\nthreads = 1\n' });
  server = await startChild({ home });
  const csv = 'id\n1\n2\n3\n';
  const made = await server.api('POST', '/ingest/file?dataset=few&file_name=a.csv', {
    body: csv,
    headers: { 'content-type': 'text/csv' },
  });
  expect(made.status, made.text).toBe(201);
});
afterAll(async () => {
  await server.kill();
  await home.remove();
});

/** Ends by the kill alone. */
const ENDLESS = {
  sql: 'SELECT count(*) AS n FROM range(1000000000000) AS a(i) WHERE i % 7 = 3',
  timeout_ms: 600_000,
};

test('only that query fails, as one that can be sent again; others and the next go on', async () => {
  const busy = server.api('POST', '/query/sql', { json: ENDLESS });
  const victim = await busiestEngine();
  const other = sql('SELECT sum(id) AS total FROM few');
  process.kill(victim, 'SIGKILL');
  const failed = await busy;
  expect([failed.status, failed.json.code, failed.json.retryable], failed.text).toEqual([
    503,
    'engine.process_died',
    true,
  ]);
  const answered = await other;
  expect(answered.json.rows, answered.text).toEqual([{ total: 6 }]);
  for (let number = 0; number < 4; number++) {
    expect((await sql('SELECT count(*) AS n FROM few')).json.rows).toEqual([{ n: 3 }]);
  }
  expect(await auditOf(failed)).toMatchObject({ decision: 'allowed', status: 'failed' });
});

test('a stream that has begun is cut off without an end', async () => {
  const answer = await fetch(`${server.url}/query/sql`, {
    method: 'POST',
    headers: { 'x-api-key': home.adminKey, 'content-type': 'application/json' },
    body: JSON.stringify({
      sql: "SELECT i, repeat('x', 100) AS x FROM range(1000000000000) AS a(i)",
      format: 'ndjson',
      timeout_ms: 600_000,
    }),
  });
  expect(answer.status).toBe(200);
  const reader = answer.body?.getReader();
  await reader?.read();
  // Read on, so that the engine is at work and not waiting for its reader.
  const drained = (async () => {
    for (let step = await reader?.read(); step?.done === false; step = await reader?.read());
    return 'ended as if it were whole';
  })();
  drained.catch(() => undefined);
  process.kill(await busiestEngine(), 'SIGKILL');
  await expect(drained).rejects.toThrow();
  expect((await sql('SELECT count(*) AS n FROM few')).json.rows).toEqual([{ n: 3 }]);
});

test('an ingest leaves nothing behind, and succeeds when it is sent again', async () => {
  const csv = `id,text\n${Array.from({ length: 300_000 }, (_, id) => `${id},"row ${id}"\n`).join('')}`;
  const send = (name: string) =>
    server.api('POST', `/ingest/file?dataset=${name}&file_name=a.csv`, {
      body: csv,
      headers: { 'content-type': 'text/csv', 'idempotency-key': name },
    });
  /** Kills whichever process works until the request is answered. */
  const sentAndKilled = async (name: string) => {
    let answered = false;
    const done = send(name).finally(() => (answered = true));
    while (!answered) {
      for (const pid of enginesAtWork()) killIfThere(pid);
      await pause(5);
    }
    return done;
  };
  let name = 'many_0';
  let failed = await sentAndKilled(name);
  // On a busy machine an ingest may be done before this process looks.
  for (let number = 1; failed.status === 201; number++) {
    name = `many_${number}`;
    failed = await sentAndKilled(name);
  }
  expect([failed.status, failed.json.retryable], failed.text).toEqual([503, true]);
  expect((await server.api('GET', `/catalog/datasets/by-name/${name}`)).status).toBe(404);
  const again = await send(name);
  expect([again.status, again.json.row_count], again.text).toEqual([201, 300_000]);
});

test('a parser that dies is started again', async () => {
  for (const pid of engines()) killIfThere(pid);
  await expect.poll(async () => (await sql('SELECT count(*) AS n FROM few')).status).toBe(200);
});

test('engine processes end with a server that is killed', async () => {
  // Those that were killed before are started again one after the other.
  await expect.poll(() => engines().length).toBeGreaterThan(2);
  const left = new Map(engines().map((pid) => [pid, statOf(pid)?.started]));
  await server.kill();
  const isLeft = ([pid, started]: readonly [number, string | undefined]) => {
    const stat = statOf(pid);
    return stat !== null && stat.state !== 'Z' && stat.started === started;
  };
  await expect.poll(() => [...left].filter(isLeft)).toEqual([]);
});

/** It may have ended since it was looked for. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

const sql = (text: string): Promise<ApiAnswer> => server.api('POST', '/query/sql', { json: { sql: text } });

async function auditOf(answer: ApiAnswer) {
  const id = answer.headers.get('x-request-id');
  return (await server.api('GET', `/access/audit?request_id=${id}`)).json.rows[0];
}

/** The server's child processes. */
function engines(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && statOf(pid)?.parent === server.pid);
}

/**
 * The engine that runs the endless statement: the one that pulls ahead of all others in processor time, however little of
 * that a busy machine gives. One that warms up stops long before.
 */
async function busiestEngine(): Promise<number> {
  const before = new Map(engines().map((pid) => [pid, statOf(pid)?.ticks ?? 0]));
  for (;;) {
    await pause(50);
    const [most, second] = [...before]
      .map(([pid, ticks]) => ({ pid, used: (statOf(pid)?.ticks ?? 0) - ticks }))
      .sort((a, b) => b.used - a.used);
    if (most !== undefined && most.used - Math.max(0, second?.used ?? 0) >= TICKS_AHEAD) return most.pid;
  }
}

/** A second and a half: several times what an engine takes to start. */
const TICKS_AHEAD = 150;

const enginesAtWork = (): number[] => engines().filter((pid) => statOf(pid)?.state === 'R');

function statOf(pid: number): { parent: number; state: string; ticks: number; started: string } | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return {
      state: fields[0] ?? '',
      parent: Number(fields[1]),
      ticks: Number(fields[11]) + Number(fields[12]),
      started: fields[19] ?? '',
    };
  } catch {
    return null;
  }
}
