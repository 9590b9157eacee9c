// A server in a process of its own, loaded like the demo's, and the raw engine beside it on the same Parquet file.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { applyDemoPolicy, type Callers, makeCallers } from '../src/cli/demo/callers.ts';
import { startDemoServer } from '../src/cli/demo/demo-server.ts';
import { loadDatasets } from '../src/cli/demo/ingest-scene.ts';
import { createTerminal } from '../src/cli/terminal.ts';

export interface BenchServer {
  readonly url: string;
  readonly callers: Callers;
  /** The engine in this process, with as many threads as one of the server's. */
  readonly raw: DuckDBConnection;
  /** `read_parquet([…])` over the files of a dataset, for the raw engine. */
  scanOf(dataset: string): Promise<string>;
  close(): Promise<void>;
}

const THREADS = '2';

export async function startBenchServer(rows: number): Promise<BenchServer> {
  const { stdin, stdout, stderr } = process;
  const server = await startDemoServer({ environment: process.env, fetch });
  try {
    const callers = await makeCallers(server.url, server.adminKey, fetch);
    const terminal = createTerminal({ stdin, stdout, stderr, environment: { TERM: 'dumb' } });
    const parts = { terminal, nowMs: () => performance.now(), signal: new AbortController().signal };
    const loaded = await loadDatasets(callers.admin, rows, parts);
    await applyDemoPolicy(callers.admin);
    const instance = await DuckDBInstance.create(':memory:', { threads: THREADS });
    const raw = await instance.connect();
    return {
      url: server.url,
      callers,
      raw,
      async scanOf(dataset) {
        const id = loaded.find(({ answer }) => answer.dataset === dataset)?.answer.dataset_id;
        const files = globSync(`${join(server.home, 'warehouse')}/**/*${id}*/**/*.parquet`);
        if (files.length === 0) throw new Error(`no Parquet file of ${dataset}`);
        return `read_parquet([${files.map((file) => `'${file}'`).join(', ')}])`;
      },
      async close() {
        raw.closeSync();
        await server.remove();
      },
    };
  } catch (error) {
    await server.remove();
    throw error;
  }
}
