// The load of the model bench, in a process of its own. Takes one job as JSON on its command line, prints the result as
// JSON. Latencies count from when a request was due, so that a server that falls behind cannot hide it.
import { Agent, request } from 'undici';
import { percentile } from '../percentile.ts';
import type { Load, LoadResult } from './load.ts';

const load: Load = JSON.parse(process.argv[2] ?? '{}');
const dispatcher = new Agent({
  connections: load.connections,
  pipelining: 1,
  headersTimeout: 20_000,
  bodyTimeout: 20_000,
});
const latencies: number[] = [];
const firstPieces: number[] = [];
/**
 * Calls due before it are sent and not timed. At a rate, the first second is about a generator that is cold and connections
 * that are new: of a mock that answers in 1 ms, the slowest hundredth of it took 60 to 180 ms, and of the seconds after 5 to 20.
 */
const LEAD_SECONDS = 1;
let timedFromMs = performance.now();
let failed = 0;
let firstFailure: string | null = null;

async function call(dueMs: number): Promise<void> {
  try {
    const { statusCode, body } = await request(load.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...load.headers },
      body: load.body,
      dispatcher,
    });
    let text = '';
    let firstMs: number | null = null;
    for await (const piece of body) {
      firstMs ??= performance.now() - dueMs;
      text += piece;
    }
    if (statusCode !== 200) throw new Error(`${statusCode} ${text.slice(0, 300)}`);
    const isWhole = load.stream ? text.includes('[DONE]') : text.includes('"usage"');
    if (!isWhole) throw new Error(`not a whole answer: ${text.slice(-300)}`);
    if (dueMs < timedFromMs) return;
    if (load.stream && firstMs !== null) firstPieces.push(firstMs);
    latencies.push(performance.now() - dueMs);
  } catch (error) {
    failed += 1;
    firstFailure ??= error instanceof Error ? `${error.message}` : String(error);
  }
}

/** Starts `perSecond` requests a second, whatever became of the ones before, for so long after a lead that is not timed. */
async function atRate(perSecond: number, seconds: number): Promise<void> {
  const count = Math.round(perSecond * (LEAD_SECONDS + seconds));
  const startedMs = performance.now();
  timedFromMs = startedMs + LEAD_SECONDS * 1000;
  const running: Promise<void>[] = [];
  for (let at = 0; at < count; ) {
    const elapsed = performance.now() - startedMs;
    for (; at < count && (at * 1000) / perSecond <= elapsed; at++) {
      running.push(call(startedMs + (at * 1000) / perSecond));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(running);
}

/** Runs `count` requests, `connections` of them at a time. */
async function allOf(count: number): Promise<void> {
  let left = count;
  const one = async () => {
    while (left-- > 0) await call(performance.now());
  };
  await Promise.all(Array.from({ length: load.connections }, one));
}

if (load.perSecond === null) await allOf(load.count);
else await atRate(load.perSecond, load.count / load.perSecond);
const seconds = (performance.now() - timedFromMs) / 1000;
const result: LoadResult = {
  completed: latencies.length,
  failed,
  firstFailure,
  perSecond: latencies.length / seconds,
  p50Ms: percentile(latencies, 0.5),
  p99Ms: percentile(latencies, 0.99),
  firstP50Ms: load.stream ? percentile(firstPieces, 0.5) : null,
  firstP99Ms: load.stream ? percentile(firstPieces, 0.99) : null,
};
console.log(JSON.stringify(result));
process.exit(0);
