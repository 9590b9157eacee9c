/**
 * Journal events per second with group commit, against the same store committing each event durably on its own. Run
 * alone it prints its rows: `node bin/pinned-node.js bench/journal-throughput.ts`.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, systemClock } from '../src/base/index.ts';
import { configSchema } from '../src/config/index.ts';
import { createJournald, type Journald } from '../src/lake/journald/index.ts';
import { type Metastore, openMetastore } from '../src/metastore/index.ts';

/** One figure of the bench table. */
export interface BenchRow {
  readonly name: string;
  /** Events per second. */
  readonly ours: number;
  readonly peer: number;
  readonly ratio: number;
  readonly target: string;
}

const WRITERS = 64;
const EVENTS_PER_WRITER = 400;
const PEER_EVENTS = 2_000;
/** Both sides are measured in turns, so that a slow spell of the disk falls on both. */
const ROUNDS = 5;

export async function run(): Promise<BenchRow[]> {
  const home = await mkdtemp(join(tmpdir(), 'journal-throughput-'));
  const log = createLogger({ level: 'error' });
  const config = configSchema.parse({ metastore: { commit_timeout_ms: 60_000 } });
  const file = join(home, 'store.db');
  const store = await openMetastore({ file, config: config.metastore, clock: systemClock, log });
  const random = (sizeBytes: number) => randomBytes(sizeBytes);
  const journald = createJournald({ store, config: config.journal, clock: systemClock, random, home, log });
  await journald.start();
  try {
    await oneByOne(store, journald, PEER_EVENTS);
    const rounds: { ours: number; peer: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({
        peer: await oneByOne(store, journald, PEER_EVENTS),
        ours: await concurrently(store, journald, EVENTS_PER_WRITER),
      });
    }
    rounds.sort((a, b) => a.ours / a.peer - b.ours / b.peer);
    const { ours = 0, peer = 0 } = rounds[Math.floor(ROUNDS / 2)] ?? {};
    const name = `journal events through the store, ${WRITERS} writers, durable`;
    return [{ name, ours, peer, ratio: ours / peer, target: '≥ 10×' }];
  } finally {
    await journald.stop();
    await store.close();
    await rm(home, { recursive: true });
  }
}

async function oneByOne(store: Metastore, journald: Journald, events: number): Promise<number> {
  const startedMs = performance.now();
  for (let number = 0; number < events; number++) await commitEvent(store, journald, number);
  return (events * 1_000) / (performance.now() - startedMs);
}

async function concurrently(store: Metastore, journald: Journald, eventsPerWriter: number): Promise<number> {
  const startedMs = performance.now();
  const writer = async () => {
    for (let number = 0; number < eventsPerWriter; number++) await commitEvent(store, journald, number);
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  return (WRITERS * eventsPerWriter * 1_000) / (performance.now() - startedMs);
}

async function commitEvent(store: Metastore, journald: Journald, number: number): Promise<void> {
  const { statements } = journald.journal.append(
    {
      action: 'dataset.ingested',
      subject: `dataset:${number % 10}`,
      data: { row_count: number, snapshot: '1' },
    },
    {
      requestId: 'bench',
      operation: 'ingest.file',
      door: 'http',
      identity: { name: 'bench', role: 'admin', attributes: new Map(), keyId: 'k', onBehalfOf: null },
      policyVersion: 1,
      phase: 'done',
      intentId: null,
      truth: [],
    },
  );
  const outcome = await store.commit(statements);
  if (!outcome.committed) throw new Error(`refused: ${outcome.refusal}`);
  journald.journal.committed(1);
}

if (import.meta.main) {
  for (const { name, ours, peer, ratio, target } of await run()) {
    console.log(
      `${name}: ${ours.toFixed(0)}/s, one commit each ${peer.toFixed(0)}/s, ratio ${ratio.toFixed(1)} (target ${target})`,
    );
  }
}
