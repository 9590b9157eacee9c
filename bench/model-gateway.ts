// What our door adds to a call of a model, everything on, beside gateways with nothing on: one mock upstream, one load
// generator, each in a process of its own. LAKEHOUSE_BENCH_REQUESTS shortens the memory run of 100,000 requests.
import { fileURLToPath } from 'node:url';
import type { BenchRow } from './bench-row.ts';
import { type LoadResult, runLoad } from './model-gateway/load.ts';
import { startOurs } from './model-gateway/ours.ts';
import { startLiteLlm, startPortkey, type Target } from './model-gateway/peers.ts';
import { processorMs, residentBytes, SHARING, startPinned, stop } from './model-gateway/process-group.ts';

const MOCK = fileURLToPath(new URL('model-gateway/mock-upstream.ts', import.meta.url));
const RATES = [5, 10, 25, 50, 100, 150, 200, 300, 400, 600, 800, 1_000, 1_250, 1_500, 2_000, 3_000];
const RATE_SECONDS = 3;
const P99_LIMIT_MS = 50;
const ROUNDS = 3;
const WARM_UP_CALLS = 500;
const CLOSED_LOOP_CALLS = 1_000;
const STREAMS = 500;
const MEMORY_REQUESTS = Number(process.env.LAKEHOUSE_BENCH_REQUESTS ?? 100_000);
const QUESTION = 'Which of these candidates fits the job of a welder in Lyon best, and why? '.repeat(2);

export async function run(): Promise<BenchRow[]> {
  const mock = await startMock();
  const targets: Target[] = [];
  try {
    targets.push(await startOurs(mock.url));
    for (const [name, start] of [
      ['Portkey', startPortkey],
      ['LiteLLM', startLiteLlm],
    ] as const) {
      try {
        targets.push(await start(mock.url));
      } catch (error) {
        console.error(`${name} not installed: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    console.error(SHARING);
    return await measure(mock.target, targets);
  } finally {
    for (const target of targets) await target.close();
    await mock.close();
  }
}

async function measure(mock: Target, targets: readonly Target[]): Promise<BenchRow[]> {
  for (const target of [mock, ...targets]) await load(target, { count: WARM_UP_CALLS, connections: 16 });
  const [ours, ...peers] = targets;
  if (ours === undefined) return [];
  const rows = await closedLoop(targets);
  const sustained = new Map<Target, number>();
  for (const target of targets) sustained.set(target, await highestRate(mock, target));
  const rateOf = (target: Target) => sustained.get(target) ?? 0;
  for (const peer of peers) {
    const name = `highest rate of model calls, p99 ≤ ${P99_LIMIT_MS} ms over the mock’s, beside ${peer.name}`;
    rows.push(row(name, rateOf(ours), rateOf(peer), FACTORS[peer.name] ?? '', '/s'));
  }
  for (const peer of peers) {
    const rate = Math.max(RATES[0] ?? 1, Math.min(rateOf(ours), rateOf(peer)));
    const added = await addedLatency([mock, ours, peer], rate);
    rows.push(
      row(`added to a model call at ${rate}/s, p50, beside ${peer.name}`, ...added.p50, '< 1×', 'ms'),
      row(`added to a model call at ${rate}/s, p99, beside ${peer.name}`, ...added.p99, '< 1×', 'ms'),
    );
  }
  rows.push(...(await streams(mock, ours, peers)));
  for (const target of targets) rows.push(...(await memory(target)));
  return rows;
}

const FACTORS: Readonly<Record<string, string>> = { Portkey: '≥ 1.5×', LiteLLM: '≥ 5×' };

/** Sixteen callers that never wait: calls a second, and processor time a call, which other work on the machine hardly moves. */
async function closedLoop(targets: readonly Target[]): Promise<BenchRow[]> {
  const perSecond = new Map<Target, number[]>();
  const cost = new Map<Target, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets) {
      const before = target.pid === null ? null : processorMs(target.pid);
      const count = target.name === 'LiteLLM' ? CLOSED_LOOP_CALLS / 4 : CLOSED_LOOP_CALLS;
      const result = await load(target, { count, connections: 16 });
      const after = target.pid === null ? null : processorMs(target.pid);
      say(`${target.name}, 16 callers`, result);
      perSecond.set(target, [...(perSecond.get(target) ?? []), result.perSecond]);
      if (before !== null && after !== null) {
        cost.set(target, [...(cost.get(target) ?? []), (after - before) / result.completed]);
      }
    }
  }
  const [ours, ...peers] = targets;
  const of = (figures: Map<Target, number[]>, target: Target | undefined) =>
    median(target === undefined ? [] : (figures.get(target) ?? []));
  return peers.flatMap((peer) => [
    row(
      `model calls by 16 callers, everything on, beside ${peer.name}`,
      of(perSecond, ours),
      of(perSecond, peer),
      FACTORS[peer.name] ?? '',
      '/s',
    ),
    row(
      `processor time of a model call, beside ${peer.name}`,
      of(cost, ours),
      of(cost, peer),
      'printed',
      'ms',
    ),
  ]);
}

/** The highest of the rates at which every request is answered, in time, and none is left behind. */
async function highestRate(mock: Target, target: Target): Promise<number> {
  let best = 0;
  for (const rate of RATES) {
    let held = false;
    // One hiccup of the machine is not the gateway's: a rate counts as held if one of two tries holds it.
    for (let attempt = 0; attempt < 2 && !held; attempt++) {
      const job = { count: rate * RATE_SECONDS, perSecond: rate, connections: 256 };
      const direct = await load(mock, job);
      const result = await load(target, job);
      const isInTime = result.p99Ms <= P99_LIMIT_MS + direct.p99Ms;
      held = result.failed === 0 && isInTime && result.perSecond >= rate * 0.9;
      say(`${target.name} at ${rate}/s (the mock’s p99 ${direct.p99Ms.toFixed(1)})`, result);
    }
    if (!held) break;
    best = rate;
  }
  return best;
}

/** Each target in turn, several times; of each the median round, less that of the mock called directly. */
async function addedLatency(
  [mock, ours, peer]: readonly [Target, Target, Target],
  rate: number,
): Promise<{ p50: [number, number]; p99: [number, number] }> {
  const rounds = new Map<Target, LoadResult[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of [mock, ours, peer]) {
      const result = await load(target, {
        count: rate * RATE_SECONDS,
        perSecond: rate,
        connections: 256,
      });
      say(`${target.name} at ${rate}/s`, result);
      rounds.set(target, [...(rounds.get(target) ?? []), result]);
    }
  }
  const of = (target: Target, figure: 'p50Ms' | 'p99Ms') =>
    median((rounds.get(target) ?? []).map((result) => result[figure]));
  const added = (figure: 'p50Ms' | 'p99Ms'): [number, number] => [
    of(ours, figure) - of(mock, figure),
    of(peer, figure) - of(mock, figure),
  ];
  return { p50: added('p50Ms'), p99: added('p99Ms') };
}

/** Time to the first piece while many streams run, less that of the mock called directly. */
async function streams(mock: Target, ours: Target, peers: readonly Target[]): Promise<BenchRow[]> {
  const first = new Map<Target, LoadResult>();
  for (const target of [mock, ours, ...peers]) {
    const job = { count: STREAMS, connections: STREAMS, stream: true } as const;
    const result = await load(target, job);
    say(`${target.name}, ${STREAMS} streams`, result);
    first.set(target, result);
  }
  const added = (target: Target) =>
    (first.get(target)?.firstP50Ms ?? Number.NaN) - (first.get(mock)?.firstP50Ms ?? Number.NaN);
  const failed = (target: Target) => first.get(target)?.failed ?? 0;
  return peers.flatMap((peer) => {
    const name = `first piece of ${STREAMS} streams at once, added, p50, beside ${peer.name}`;
    // A peer that streams nothing has no time to show; the row below says so.
    const times = Number.isFinite(added(peer)) ? [row(name, added(ours), added(peer), '< 1×', 'ms')] : [];
    const broken = `of ${STREAMS} streams at once, not whole, beside ${peer.name}`;
    return [...times, row(broken, failed(ours), failed(peer), '0')];
  });
}

/** Growth of memory over the second half of many requests: the first half warms caches and heaps. */
async function memory(target: Target): Promise<BenchRow[]> {
  const { pid } = target;
  if (pid === null || residentBytes(pid) === null) return [];
  const count = target.name === 'LiteLLM' ? Math.ceil(MEMORY_REQUESTS / 10) : MEMORY_REQUESTS;
  await load(target, { count: Math.ceil(count / 2), connections: 16 });
  const halfway = residentBytes(pid) ?? 0;
  const result = await load(target, { count: Math.floor(count / 2), connections: 16 });
  const end = residentBytes(pid) ?? 0;
  say(`${target.name}, memory ${Math.round(halfway / 1e6)} → ${Math.round(end / 1e6)} MB`, result);
  const name = `memory of ${target.name === 'ours' ? 'our server' : target.name} after ${count.toLocaleString('en-US')} model calls, beside halfway`;
  return [row(name, end / 1e6, halfway / 1e6, 'flat', 'MB')];
}

function load(
  target: Target,
  job: { count: number; connections: number; perSecond?: number; stream?: boolean },
): Promise<LoadResult> {
  const { stream = false, perSecond = null, count, connections } = job;
  const body = JSON.stringify({
    model: stream ? `${target.model}/slow` : target.model,
    messages: [{ role: 'user', content: QUESTION }],
    max_tokens: 200,
    ...(stream ? { stream: true } : {}),
  });
  return runLoad({ url: target.url, headers: target.headers, body, stream, count, perSecond, connections });
}

async function startMock() {
  let heard: (port: string) => void = () => {};
  const port = new Promise<string>((resolve) => {
    heard = resolve;
  });
  const child = startPinned('load', [process.execPath, MOCK], { onLine: (line) => heard(line) });
  const url = `http://127.0.0.1:${await port}`;
  const close = () => stop(child);
  const target: Target = {
    name: 'the mock itself',
    url: `${url}/v1/chat/completions`,
    headers: {},
    model: 'mock',
    pid: null,
    close,
  };
  return { url, target, close };
}

function row(name: string, ours: number, peer: number, target: string, unit?: string): BenchRow {
  const ratio = peer === 0 && ours === 0 ? 1 : ours / peer;
  return { name, ours, peer, ratio, target, ...(unit === undefined ? {} : { unit }) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function say(what: string, result: LoadResult): void {
  const first =
    result.firstP50Ms === null || result.firstP99Ms === null
      ? ''
      : ` first ${result.firstP50Ms.toFixed(1)} / ${result.firstP99Ms.toFixed(1)}`;
  const failed = result.failed === 0 ? '' : ` FAILED ${result.failed}: ${result.firstFailure}`;
  console.error(
    result.completed === 0
      ? `  ${what}: none${failed}`
      : `  ${what}: ${Math.round(result.perSecond)}/s p50 ${result.p50Ms.toFixed(1)} p99 ${result.p99Ms.toFixed(1)} ms${first}${failed}`,
  );
}
