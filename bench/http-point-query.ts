// A point query over HTTP with key, access, truth, audit, mask and row filter on, against the raw engine in process.
import { runQuery } from '../src/cli/sql/query-client.ts';
import type { BenchRow } from './bench-row.ts';
import { startBenchServer } from './bench-server.ts';
import { percentile } from './percentile.ts';

const ROWS = 100_000;
const WARM_UP = 30;
const QUERIES = 300;

export async function run(): Promise<BenchRow[]> {
  const server = await startBenchServer(ROWS);
  try {
    const { recruiter } = server.callers;
    const scan = await server.scanOf('candidates');
    const ours: number[] = [];
    const peer: number[] = [];
    for (let at = 0; at < WARM_UP + QUERIES; at++) {
      const id = 1 + ((at * 7919) % ROWS);
      const columns = 'id, full_name, email, salary, region';
      const governed = await timed(() =>
        runQuery(recruiter.api, { sql: `SELECT ${columns} FROM candidates WHERE id = $1`, params: [id] }),
      );
      const raw = await timed(() =>
        server.raw.runAndReadAll(`SELECT ${columns} FROM ${scan} WHERE id = ${id} AND region = 'EMEA'`),
      );
      if (at >= WARM_UP) {
        ours.push(governed);
        peer.push(raw);
      }
    }
    const row = (name: string, share: number, target: string): BenchRow => {
      const [a, b] = [percentile(ours, share), percentile(peer, share)];
      return { name, ours: a, peer: b, ratio: a / b, target, unit: 'ms' };
    };
    return [
      row('point query over HTTP, p50', 0.5, '≤ +8 ms'),
      row('point query over HTTP, p99', 0.99, 'printed'),
    ];
  } finally {
    await server.close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
