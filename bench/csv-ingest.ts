/**
 * CSV in: the engine's step and the whole way from HTTP to a committed snapshot against the raw engine's COPY of the
 * same file, and the memory of all processes while 1 GB comes in. Run alone it prints its rows: `node
 * bin/pinned-node.js bench/csv-ingest.ts`.
 */
import { createReadStream, createWriteStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { type DemoServer, startDemoServer } from '../src/cli/demo/demo-server.ts';
import { csvColumn, csvSource, sampleCsv } from '../src/lake/ingestd/csv-table.ts';
import { RecordCounter } from '../src/lake/ingestd/record-counter.ts';
import { rowGroupOptions } from '../src/lake/ingestd/row-group.ts';
import { openSystemFiles } from '../src/lake/storaged/system-files.ts';
import type { BenchRow } from './bench-row.ts';

const ROWS = 1_000_000;
const LARGE_BYTES = 1_000_000_000;
const ROUNDS = 3;
const THREADS = '2';
const MB = 1_048_576;
const ENGINE_TYPES: Readonly<Record<string, string>> = {
  long: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  string: 'VARCHAR',
};

/** The shipped `ingest.memory_limit_mb`. */
const MEMORY_MB = 384;

export async function run(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'csv-bench-'));
  const server = await startDemoServer({ environment: process.env, fetch });
  try {
    const files = await openSystemFiles(folder, 0);
    const file = files.path('sources', 'million');
    await writeCsv(file, ROWS);
    const statement = await engineStatement(files, file, join(folder, 'ours.parquet'));
    const raw = `COPY (FROM read_csv('${file}')) TO '${join(folder, 'raw.parquet')}' (FORMAT parquet, COMPRESSION zstd)`;
    await upload(server, 'warm', file);
    const best = { raw: Infinity, step: Infinity, http: Infinity };
    for (let round = 0; round < ROUNDS; round++) {
      best.raw = Math.min(best.raw, await timed(() => copy(raw, '4GB')));
      best.step = Math.min(best.step, await timed(() => copy(statement, `${MEMORY_MB}MB`)));
      best.http = Math.min(best.http, await timed(() => upload(server, `round_${round}`, file)));
    }
    const peakMb = await largeUpload(server, join(folder, 'large.csv'));
    return [
      row('CSV ingest, engine step (1 M rows × 12)', best.step, best.raw, '≤ 1.25×'),
      row('CSV ingest, HTTP to committed (1 M rows × 12)', best.http, best.raw, '≤ 1.8×'),
      {
        name: '1 GB CSV ingest, peak memory of all processes',
        ours: peakMb,
        peer: 1_024,
        ratio: peakMb / 1_024,
        target: '≤ 1 GB',
        unit: 'MB',
      },
    ];
  } finally {
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

function row(name: string, ours: number, peer: number, target: string): BenchRow {
  return { name, ours, peer, ratio: ours / peer, target, unit: 'ms' };
}

/** The statement that ingest runs for the file. */
async function engineStatement(
  files: Awaited<ReturnType<typeof openSystemFiles>>,
  file: string,
  target: string,
): Promise<string> {
  const content = { files, namespace: 'sources', name: 'million' } as const;
  const limits = { maxRowBytes: 16 * MB, maxColumns: 2_000 };
  const table = await sampleCsv(
    { content, ...limits },
    { delimiter: null, header: null },
    'abort',
    new Map(),
  );
  const counter = new RecordCounter();
  counter.push(readFileSync(file).subarray(0, MB));
  const select = table.columns.map((column, index) => {
    return `${csvColumn(index, column, ENGINE_TYPES[column.type] ?? 'VARCHAR')} AS "${column.name}"`;
  });
  const shape = { columns: table.columns.length, rows: ROWS, sizeBytes: statSync(file).size };
  const rowGroups = rowGroupOptions(shape, MEMORY_MB);
  const source = csvSource(file, table, { longestRowBytes: counter.longestBytes() });
  return (
    `COPY (SELECT ${select.join(', ')} FROM ${source}) TO '${target}' ` +
    `(FORMAT parquet, COMPRESSION zstd, ${rowGroups}, USE_TMP_FILE false, RETURN_STATS true)`
  );
}

async function copy(sql: string, memory: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: THREADS, memory_limit: memory });
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

async function upload(server: DemoServer, dataset: string, file: string): Promise<void> {
  const { size } = await stat(file);
  const answer = new Promise<string>((resolve, reject) => {
    const url = `${server.url}/ingest/file?dataset=${dataset}&file_name=a.csv`;
    const headers = { 'x-api-key': server.adminKey, 'content-length': size };
    const sent = request(url, { method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => (response.statusCode === 201 ? resolve(text) : reject(new Error(text))));
    });
    sent.on('error', reject);
    pipeline(createReadStream(file, { highWaterMark: MB }), sent).catch(reject);
  });
  await answer;
}

/** The most memory that the server's processes held together. */
async function largeUpload(server: DemoServer, file: string): Promise<number> {
  const rows = await writeCsv(file, Math.ceil(LARGE_BYTES / 125));
  let peakMb = 0;
  const timer = setInterval(() => {
    peakMb = Math.max(peakMb, residentMb(server.pid));
  }, 250);
  try {
    await upload(server, 'large', file);
  } finally {
    clearInterval(timer);
  }
  if (rows * 100 > (await stat(file)).size) throw new Error('the large file is too small');
  return peakMb;
}

/** Proportional set size of a process and all below it: pages that they share count once. Linux only. */
function residentMb(pid: number): number {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = Number(/\) \S+ (\d+)/.exec(readProc(`${name}/stat`))?.[1] ?? -1);
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
  }
  const pending = [pid];
  let kilobytes = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readProc(`${next}/smaps_rollup`))?.[1] ?? 0);
    pending.push(...(parents.get(next) ?? []));
  }
  return kilobytes / 1_024;
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}

async function writeCsv(file: string, rows: number): Promise<number> {
  const names = ['anna', 'bob', 'carl', 'dina', 'emil', 'fay', 'gus', 'hana', 'ivo', 'jan'];
  const regions = ['north', 'south', 'east', 'west'];
  const two = (value: number) => String(value).padStart(2, '0');
  // The high bits of a linear congruential generator: the same file on every run.
  let state = 1n;
  const draw = (below: number) => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & 0xffff_ffff_ffff_ffffn;
    return Number((state >> 33n) % BigInt(below));
  };
  function* lines(): Generator<string> {
    let block = 'id,first_name,last_name,email,phone,birth_date,region,pay,rating,active,created_at,notes\n';
    for (let n = 0; n < rows; n++) {
      const [first, last] = [names[draw(10)], names[draw(10)]];
      const born = `${1950 + draw(55)}-${two(1 + draw(12))}-${two(1 + draw(28))}`;
      const made = `2024-${two(1 + draw(12))}-${two(1 + draw(28))} ${two(draw(24))}:00:00`;
      block +=
        `${n + 1},${first},${last}son,${first}.${last}${n}@example.com,+1-555-${100 + draw(900)}-${1000 + draw(9000)},${born},` +
        `${regions[draw(4)]},${20_000 + draw(180_000)},${draw(5_000) / 1_000},${draw(2) === 1},${made},"note, number ${n}"\n`;
      if (block.length > MB) {
        yield block;
        block = '';
      }
    }
    yield block;
  }
  await pipeline(lines, createWriteStream(file));
  return rows;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.table(await run());
}
