// A million rows as NDJSON over HTTP, against the same rows as JSON out of the raw engine in process.
import type { BenchRow } from './bench-row.ts';
import { type BenchServer, startBenchServer } from './bench-server.ts';
import { percentile } from './percentile.ts';

const ROWS = 1_000_000;
const ROUNDS = 3;

export async function run(): Promise<BenchRow[]> {
  const server = await startBenchServer(1_000);
  try {
    const scan = await server.scanOf('flights');
    await eventLoopDelayMs(server);
    const ours: number[] = [];
    const peer: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const governed = await streamed(server);
      const raw = await rawStream(server, scan);
      // The first round warms both sides up.
      if (round > 0) {
        ours.push(governed);
        peer.push(raw);
      }
    }
    const delayMs = await eventLoopDelayMs(server);
    const [a, b] = [percentile(ours, 0.5), percentile(peer, 0.5)];
    return [
      { name: '1 M rows as NDJSON over HTTP', ours: a, peer: b, ratio: a / b, target: '≤ 1.8×', unit: 'ms' },
      {
        name: 'gateway event-loop delay meanwhile, p99 (limit beside it)',
        ours: delayMs,
        peer: 20,
        ratio: delayMs / 20,
        target: '≤ 20 ms',
        unit: 'ms',
      },
    ];
  } finally {
    await server.close();
  }
}

async function streamed(server: BenchServer): Promise<number> {
  const startedMs = performance.now();
  const response = await server.callers.admin.api.stream({
    method: 'POST',
    path: '/query/sql',
    json: { sql: `SELECT * FROM flights LIMIT ${ROWS}`, format: 'ndjson' },
  });
  let lines = 0;
  for await (const chunk of response.body ?? []) lines += countLines(chunk);
  if (lines !== ROWS) throw new Error(`${lines} rows came over HTTP`);
  return performance.now() - startedMs;
}

/** Rows of `to_json`, read in chunks and turned into bytes, as a program without a server would. */
async function rawStream(server: BenchServer, scan: string): Promise<number> {
  const startedMs = performance.now();
  const result = await server.raw.stream(`SELECT to_json(t) FROM (SELECT * FROM ${scan} LIMIT ${ROWS}) t`);
  let lines = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; ) {
    const texts = chunk.getColumnVector(0).toArray();
    lines += countLines(Buffer.from(`${texts.join('\n')}\n`));
    chunk = await result.fetchChunk();
  }
  if (lines !== ROWS) throw new Error(`${lines} rows came from the engine`);
  return performance.now() - startedMs;
}

/** Node's sampler records the time between two of its samples, which an idle event loop takes this often. */
const SAMPLE_MS = 10;

/** The server's own 99th percentile since it was last asked: how late the event loop was for a sample. */
async function eventLoopDelayMs(server: BenchServer): Promise<number> {
  const response = await server.callers.admin.api.stream({ method: 'GET', path: '/metrics' });
  const value = /^lakehouse_nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(await response.text())?.[1];
  return Number(value) * 1000 - SAMPLE_MS;
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}
