/**
 * Journal events per second through the whole door (key, access, truth, audit row, journal event, commit) with 64
 * writers at once, against the same change on the same store with one durable commit each: a writer that waits for each
 * commit before the next change. The change is a dataset's description, each writer's of its own dataset. Run alone it
 * prints its rows: `node bin/pinned-node.js bench/journal-door.ts`.
 */
import { pathToFileURL } from 'node:url';
import { createPiiDetector } from '../src/lake/catalogd/pii/index.ts';
import { type CatalogRoom, openCatalogRoom } from '../test/support/catalog-room.ts';
import type { BenchRow } from './bench-row.ts';

const WRITERS = 64;
const EVENTS_PER_WRITER = 40;
const PEER_EVENTS = 600;
/** Both sides are measured in turns, so that a slow spell of the disk falls on both. */
const ROUNDS = 5;

export async function run(): Promise<BenchRow[]> {
  const room = await openCatalogRoom({ detector: createPiiDetector() });
  try {
    for (let writer = 0; writer < WRITERS; writer++) {
      const columns = [{ name: 'id', type: 'long' }];
      await room.call('catalog.datasets.register', { name: datasetOf(writer), columns });
    }
    await oneByOne(room, PEER_EVENTS);
    const rounds: { ours: number; peer: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({ peer: await oneByOne(room, PEER_EVENTS), ours: await concurrently(room) });
    }
    rounds.sort((a, b) => a.ours / a.peer - b.ours / b.peer);
    const { ours = 0, peer = 0 } = rounds[Math.floor(ROUNDS / 2)] ?? {};
    const name = `journal events through the door, ${WRITERS} writers, durable`;
    return [{ name, ours, peer, ratio: ours / peer, target: '≥ 10×' }];
  } finally {
    await room.close();
  }
}

async function oneByOne(room: CatalogRoom, events: number): Promise<number> {
  const startedMs = performance.now();
  for (let number = 0; number < events; number++) await change(room, number % WRITERS);
  return (events * 1_000) / (performance.now() - startedMs);
}

async function concurrently(room: CatalogRoom): Promise<number> {
  const startedMs = performance.now();
  const writer = async (_: unknown, at: number) => {
    for (let number = 0; number < EVENTS_PER_WRITER; number++) await change(room, at);
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  return (WRITERS * EVENTS_PER_WRITER * 1_000) / (performance.now() - startedMs);
}

async function change(room: CatalogRoom, writer: number): Promise<void> {
  const description = `Changed last at ${performance.now()} ms.`;
  const answer = await room.call('catalog.datasets.update', { name: datasetOf(writer), description });
  if (answer.journal_event_id === null) throw new Error('a change without its event');
}

function datasetOf(writer: number): string {
  return `written_${writer}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.table(await run());
}
