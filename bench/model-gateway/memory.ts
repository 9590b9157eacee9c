import type { BenchRow } from '../bench-row.ts';
import { chatLoad } from './chat-load.ts';
import { row } from './figures.ts';
import { fewer, type Gateways } from './gateways.ts';
import type { Target } from './peers.ts';
import { residentBytes } from './process-group.ts';

const REQUESTS = Number(process.env.LAKEHOUSE_BENCH_REQUESTS ?? 100_000);
/** Memory is read after each: as many places on the line as its slope is taken of. */
const STRETCHES = 20;
/** Many callers at once: a run of this length is about memory and not about time. */
const CALLERS = 64;

/**
 * Growth of memory over many calls, each gateway beside its own memory halfway: the first half warms caches and heaps. Says
 * the slope of the second half.
 */
export async function memory({ ours, peers }: Gateways): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const target of [ours, ...peers]) {
    const { pid } = target;
    if (pid === null || residentBytes(pid) === null) continue;
    rows.push(await growth(target, pid));
  }
  return rows;
}

async function growth(target: Target, pid: number): Promise<BenchRow> {
  const calls = fewer(target, fewer(target, REQUESTS));
  const stretch = Math.ceil(calls / STRETCHES);
  const seen: number[] = [];
  for (let at = 0; at < STRETCHES; at++) {
    await chatLoad(target, { count: stretch, connections: CALLERS });
    seen.push((residentBytes(pid) ?? 0) / 1e6);
  }
  const half = seen.slice(STRETCHES / 2 - 1);
  const slope = (slopeOf(half) / stretch) * 1_000_000;
  const megabytes = seen.map((one) => Math.round(one)).join(' ');
  console.error(`${target.name}: ${megabytes} MB; second half ${slope.toFixed(0)} bytes a call`);
  const whose = target.name === 'ours' ? 'our server' : target.name;
  const name = `memory of ${whose} after ${calls.toLocaleString('en-US')} model calls, beside halfway`;
  return row(name, half.at(-1) ?? 0, half[0] ?? 0, 'flat', 'MB');
}

/** The slope of the straight line nearest to values that are one apart. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const rise = values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0);
  const run = values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
  return rise / run;
}
