// A point query over HTTP with key, access, truth, audit, mask and row filter on, against the raw engine in process, whose
// connection stays open. A caller who asks again may get the instance of its last query; one who was not there lately gets
// a fresh one, and is measured apart: each of those queries comes from another key.
import { createApiClient } from '../src/cli/api-client.ts';
import { runQuery } from '../src/cli/sql/query-client.ts';
import type { BenchRow } from './bench-row.ts';
import { type BenchServer, startBenchServer } from './bench-server.ts';
import { percentile } from './percentile.ts';

const ROWS = 100_000;
const WARM_UP = 30;
const QUERIES = 300;
const NEW_CALLERS = 60;

export async function run(): Promise<BenchRow[]> {
  const server = await startBenchServer(ROWS);
  try {
    const { recruiter } = server.callers;
    const again = await measure(
      server,
      Array.from({ length: QUERIES }, () => recruiter.api),
    );
    const first = await measure(server, await newCallers(server));
    const row = (name: string, of: Measured, share: number, target: string): BenchRow => {
      const [a, b] = [percentile(of.ours, share), percentile(of.peer, share)];
      return { name, ours: a, peer: b, ratio: a / b, target, unit: 'ms' };
    };
    return [
      row('point query over HTTP, p50', again, 0.5, '≤ +8 ms'),
      row('point query over HTTP, p99', again, 0.99, 'printed'),
      row('first point query of a caller, p50', first, 0.5, 'printed'),
    ];
  } finally {
    await server.close();
  }
}

type Api = BenchServer['callers']['recruiter']['api'];

interface Measured {
  readonly ours: number[];
  readonly peer: number[];
}

/** One query for each of the clients, after some of the first one that do not count. */
async function measure(server: BenchServer, clients: readonly Api[]): Promise<Measured> {
  const scan = await server.scanOf('candidates');
  const measured: Measured = { ours: [], peer: [] };
  const warm = Array.from({ length: WARM_UP }, () => server.callers.recruiter.api);
  for (const [at, api] of [...warm, ...clients].entries()) {
    const id = 1 + ((at * 7919) % ROWS);
    const columns = 'id, full_name, email, salary, region';
    const governed = await timed(() =>
      runQuery(api, { sql: `SELECT ${columns} FROM candidates WHERE id = $1`, params: [id] }),
    );
    const raw = await timed(() =>
      server.raw.runAndReadAll(`SELECT ${columns} FROM ${scan} WHERE id = ${id} AND region = 'EMEA'`),
    );
    if (at < WARM_UP) continue;
    measured.ours.push(governed);
    measured.peer.push(raw);
  }
  return measured;
}

async function newCallers({ url, callers }: BenchServer): Promise<readonly Api[]> {
  const clients: Api[] = [];
  for (let at = 0; at < NEW_CALLERS; at++) {
    const json = { name: `recruiter-${at}`, role: 'recruiter', attributes: { region: 'EMEA' } };
    const { value } = await callers.admin.api.json<{ key: string }>({
      ...{ method: 'POST', path: '/access/keys', json },
    });
    clients.push(createApiClient({ url, apiKey: value.key, delegationToken: null, fetch }));
  }
  return clients;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
