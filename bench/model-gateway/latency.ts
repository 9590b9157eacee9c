import type { BenchRow } from '../bench-row.ts';
import { chatLoad } from './chat-load.ts';
import { median, row } from './figures.ts';
import type { Gateways } from './gateways.ts';
import type { LoadResult } from './load.ts';
import type { Target } from './peers.ts';
import { isHeld } from './throughput.ts';

const RATES = [10, 25, 50, 100, 200, 300, 400, 500, 600, 800, 1_000, 1_250, 1_500, 2_000];
const RATE_SECONDS = 3;
const ROUNDS = 3;

interface Rung {
  readonly rate: number;
  readonly p50: readonly [number, number];
  readonly p99: readonly [number, number];
}

/** What a gateway adds to a call, ours and each peer side by side, up to the highest of the rates that both hold. */
export async function latency({ mock, ours, peers }: Gateways): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const peer of peers) {
    const rungs: Rung[] = [];
    for (const rate of RATES) {
      const rung = await rungOf([mock, ours, peer], rate);
      if (rung === null) break;
      rungs.push(rung);
    }
    const highest = rungs.at(-1);
    // The highest is the figure that is held to a target; a quiet rate beside it says what a call costs without a queue.
    const quiet = rungs.find(({ rate }) => rate >= 50 && rate !== highest?.rate);
    for (const rung of [quiet, highest]) {
      if (rung === undefined) continue;
      const { rate, p50, p99 } = rung;
      const of = rung === highest ? ', the highest both hold' : '';
      rows.push(
        row(`added to a model call at ${rate}/s${of}, p50, beside ${peer.name}`, ...p50, '< 1×', 'ms'),
        row(`added to a model call at ${rate}/s${of}, p99, beside ${peer.name}`, ...p99, '< 1×', 'ms'),
      );
    }
    if (highest === undefined) console.error(`ours and ${peer.name} hold none of the rates together`);
  }
  return rows;
}

/** Each in turn, several times; of each the median round, less that of the mock called directly. Null where one does not hold. */
async function rungOf(
  [mock, ours, peer]: readonly [Target, Target, Target],
  rate: number,
): Promise<Rung | null> {
  const rounds: (readonly [LoadResult, LoadResult, LoadResult])[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const job = { count: rate * RATE_SECONDS, perSecond: rate, connections: 256 };
    rounds.push([await chatLoad(mock, job), await chatLoad(ours, job), await chatLoad(peer, job)]);
  }
  const heldRounds = (at: 1 | 2) => rounds.filter((results) => isHeld(results[at], results[0], rate)).length;
  if (Math.min(heldRounds(1), heldRounds(2)) <= ROUNDS / 2) return null;
  const of = (at: 0 | 1 | 2, figure: 'p50Ms' | 'p99Ms') =>
    median(rounds.map((results) => results[at][figure]));
  const added = (figure: 'p50Ms' | 'p99Ms'): readonly [number, number] => [
    of(1, figure) - of(0, figure),
    of(2, figure) - of(0, figure),
  ];
  return { rate, p50: added('p50Ms'), p99: added('p99Ms') };
}
