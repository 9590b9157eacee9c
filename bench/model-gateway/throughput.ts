import type { BenchRow } from '../bench-row.ts';
import { chatLoad } from './chat-load.ts';
import { median, row } from './figures.ts';
import { fewer, type Gateways } from './gateways.ts';
import type { LoadResult } from './load.ts';
import type { Target } from './peers.ts';
import { processorMs } from './process-group.ts';

/** The most that the slowest chats of a run may take beyond the mock's. */
export const P99_LIMIT_MS = 50;
const FACTORS: Readonly<Record<string, string>> = { Portkey: '≥ 1.5×', LiteLLM: '≥ 5×' };
const ROUNDS = 5;
const CLOSED_LOOP_CALLS = 1_500;
const RATE_SECONDS = 3;
/** The search ends where the lowest rate that failed is within this of the highest that held. */
const PRECISION = 1.06;

/** Chats a second: by callers that never wait, and the highest rate with a bound on the slowest. */
export async function throughput({ mock, ours, peers }: Gateways): Promise<readonly BenchRow[]> {
  const targets = [ours, ...peers];
  const loops = await closedLoops(targets);
  const loopOf = (target: Target) => loops.get(target) ?? { perSecond: Number.NaN, processorMs: Number.NaN };
  const highest = await highestRates(
    mock,
    targets.map((target) => [target, loopOf(target).perSecond] as const),
  );
  return peers.flatMap((peer) => {
    const factor = FACTORS[peer.name] ?? '';
    const searched = `highest rate of model calls, p99 ≤ ${P99_LIMIT_MS} ms over the mock’s, beside ${peer.name}`;
    const looped = `model calls by 16 callers, everything on, beside ${peer.name}`;
    const cost = `processor time of a model call, beside ${peer.name}`;
    return [
      row(searched, highest.get(ours) ?? 0, highest.get(peer) ?? 0, factor, '/s'),
      row(looped, loopOf(ours).perSecond, loopOf(peer).perSecond, factor, '/s'),
      row(cost, loopOf(ours).processorMs, loopOf(peer).processorMs, 'printed', 'ms'),
    ];
  });
}

interface Loop {
  readonly perSecond: number;
  /** Of one call, which other work on the machine moves less. */
  readonly processorMs: number;
}

/** Sixteen callers that never wait, each gateway in turn, the median of several rounds. */
async function closedLoops(targets: readonly Target[]): Promise<ReadonlyMap<Target, Loop>> {
  const seen = new Map<Target, Loop[]>(targets.map((target) => [target, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets) {
      const before = target.pid === null ? null : processorMs(target.pid);
      const count = fewer(target, CLOSED_LOOP_CALLS);
      const { perSecond, completed } = await chatLoad(target, { count, connections: 16 });
      const after = target.pid === null ? null : processorMs(target.pid);
      const used = before === null || after === null ? Number.NaN : (after - before) / completed;
      seen.get(target)?.push({ perSecond, processorMs: used });
    }
  }
  const medianOf = (loops: readonly Loop[], figure: keyof Loop) => median(loops.map((loop) => loop[figure]));
  return new Map(
    [...seen].map(([target, loops]) => [
      target,
      { perSecond: medianOf(loops, 'perSecond'), processorMs: medianOf(loops, 'processorMs') },
    ]),
  );
}

/**
 * Of each target the highest rate at which every request is answered, in time, and none is left behind. The searches take
 * turns, so that a slow spell of the machine falls on all of them.
 */
async function highestRates(
  mock: Target,
  guesses: readonly (readonly [Target, number])[],
): Promise<ReadonlyMap<Target, number>> {
  const searches = guesses.map(([target, guess]) => ({ target, search: searchFrom(guess) }));
  for (let left = searches; left.length > 0; left = left.filter(({ search }) => search.rate() !== null)) {
    for (const { target, search } of left) {
      const rate = search.rate();
      if (rate !== null) search.tell(await holds(mock, target, rate));
    }
  }
  return new Map(searches.map(({ target, search }) => [target, search.held()]));
}

/** Steps up or down from a guess until one rate held and a higher one failed, then halves between. */
function searchFrom(guess: number) {
  let held = 0;
  let failed = Number.POSITIVE_INFINITY;
  let rate: number | null = Math.max(4, Math.round(guess * 0.7));
  const next = (): number | null => {
    if (failed <= 4 || (held > 0 && failed / held <= PRECISION)) return null;
    if (failed === Number.POSITIVE_INFINITY) return Math.ceil(held * 1.25);
    const between = held === 0 ? Math.floor(failed * 0.7) : Math.round(Math.sqrt(held * failed));
    return between === held || between === failed ? null : between;
  };
  return {
    /** To try next; null when the search is over. */
    rate: () => rate,
    tell(isHeld: boolean) {
      if (isHeld) held = rate ?? held;
      else failed = rate ?? failed;
      rate = next();
    },
    /** 0 where none held. */
    held: () => held,
  };
}

async function holds(mock: Target, target: Target, rate: number): Promise<boolean> {
  const job = { count: rate * RATE_SECONDS, perSecond: rate, connections: 256 };
  const direct = await chatLoad(mock, job);
  // One hiccup of the machine is not the gateway's: a rate is held if one of two tries holds it.
  return (
    isHeld(await chatLoad(target, job), direct, rate) || isHeld(await chatLoad(target, job), direct, rate)
  );
}

/** Whether a run at a rate answered everything, in time, and kept up. */
export function isHeld(result: LoadResult, direct: LoadResult, rate: number): boolean {
  const isInTime = result.p99Ms <= P99_LIMIT_MS + direct.p99Ms;
  return result.failed === 0 && isInTime && result.perSecond >= rate * 0.9;
}
