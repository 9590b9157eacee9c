// Sixteen heavy queries at once: does the server still answer /health and a small query in time?
import { runQuery } from '../src/cli/sql/query-client.ts';
import type { BenchRow } from './bench-row.ts';
import { startBenchServer } from './bench-server.ts';
import { percentile } from './percentile.ts';

const HEAVY = 16;
const HEALTH_CALLS = 300;
const SMALL_QUERIES = 60;
/** Enough for more than the 32 MiB up to which a query counts as small. */
const ROWS = 2_000_000;
/** Minutes of work for one engine process; cut short when the measurement is over. */
const HEAVY_SQL = `
  SELECT count(*) AS pairs, sum(length(a.email || b.email)) AS characters
  FROM candidates a JOIN candidates b ON a.city = b.city AND a.years_experience < b.years_experience`;
const SMALL_SQL = 'SELECT city, state FROM zipcodes WHERE zip_code = $1';

export async function run(): Promise<BenchRow[]> {
  const server = await startBenchServer(ROWS);
  const stop = new AbortController();
  try {
    const { admin, analyst } = server.callers;
    const heavy = Array.from({ length: HEAVY }, () =>
      runQuery(analyst.api, { sql: HEAVY_SQL, timeout_ms: 120_000 }, stop.signal).catch(() => null),
    );
    const health: number[] = [];
    const small: number[] = [];
    for (let at = 0; at < HEALTH_CALLS; at++) {
      health.push(await timed(() => admin.api.json({ method: 'GET', path: '/health' })));
      if (at % (HEALTH_CALLS / SMALL_QUERIES) === 0) {
        small.push(await timed(() => runQuery(admin.api, { sql: SMALL_SQL, params: ['98101'] })));
      }
    }
    stop.abort();
    await Promise.all(heavy);
    const limit = (name: string, ours: number, limitMs: number): BenchRow => ({
      name,
      ours,
      peer: limitMs,
      ratio: ours / limitMs,
      target: `< ${limitMs} ms`,
      unit: 'ms',
    });
    return [
      limit(`/health while ${HEAVY} heavy queries run, p99 (limit beside it)`, percentile(health, 0.99), 100),
      limit(
        `small query while ${HEAVY} heavy queries run, p50 (limit beside it)`,
        percentile(small, 0.5),
        200,
      ),
    ];
  } finally {
    stop.abort();
    await server.close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
