import type { BenchRow } from '../bench-row.ts';
import { chatLoad } from './chat-load.ts';
import { median, row } from './figures.ts';
import type { Gateways } from './gateways.ts';
import type { LoadResult } from './load.ts';
import type { Target } from './peers.ts';

const STREAMS = 500;
const ROUNDS = 3;

/** Time to the first piece while many streams run, less that of the mock called directly, and how many were not whole. */
export async function streams({ mock, ours, peers }: Gateways): Promise<readonly BenchRow[]> {
  const seen = new Map<Target, LoadResult[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of [mock, ours, ...peers]) {
      const result = await chatLoad(target, { count: STREAMS, connections: STREAMS, stream: true });
      seen.set(target, [...(seen.get(target) ?? []), result]);
    }
  }
  const first = (target: Target) =>
    median((seen.get(target) ?? []).map(({ firstP50Ms }) => firstP50Ms ?? Number.NaN));
  const added = (target: Target) => first(target) - first(mock);
  const failed = (target: Target) => median((seen.get(target) ?? []).map((result) => result.failed));
  return peers.flatMap((peer) => {
    const name = `first piece of ${STREAMS} streams at once, added, p50, beside ${peer.name}`;
    // A peer that streams nothing has no time to show; the row below says so.
    const times = Number.isFinite(added(peer)) ? [row(name, added(ours), added(peer), '< 1×', 'ms')] : [];
    const broken = `of ${STREAMS} streams at once, not whole, beside ${peer.name}`;
    return [...times, row(broken, failed(ours), failed(peer), '0')];
  });
}
