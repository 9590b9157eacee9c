import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pinned } from './process-group.ts';

/** One job of the load generator. */
export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly stream: boolean;
  readonly count: number;
  /** Requests started a second; null starts the next when one ends. */
  readonly perSecond: number | null;
  readonly connections: number;
}

export interface LoadResult {
  readonly completed: number;
  readonly failed: number;
  readonly firstFailure: string | null;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstP50Ms: number | null;
  readonly firstP99Ms: number | null;
}

const GENERATOR = fileURLToPath(new URL('load-generator.ts', import.meta.url));

/** Runs one job in a process of its own, beside the mock and away from the gateway where cores can be kept apart. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const [program, ...args] = pinned('load', [process.execPath, GENERATOR, JSON.stringify(load)]);
  const { stdout } = await promisify(execFile)(program ?? '', args, { maxBuffer: 1_048_576 });
  return JSON.parse(stdout);
}
