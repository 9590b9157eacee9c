import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../base/index.ts';
import { createLogger, systemClock } from '../../base/index.ts';
import { type Config, configSchema } from '../../config/index.ts';
import type { EventDraft, Identity } from '../../govern/scope/index.ts';
import type { CommitOutcome, Metastore } from '../../metastore/index.ts';
import { openMetastore } from '../../metastore/index.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import {
  createJournald,
  type EventContext,
  type Journald,
  type VerifyReport,
  verifyOffline,
} from './index.ts';

export const ADA: Identity = {
  name: 'ada',
  role: 'admin',
  attributes: new Map(),
  keyId: 'key-1',
  onBehalfOf: null,
};

/** A journal in a home of its own, for tests. */
export interface JournalHome {
  readonly home: string;
  readonly storeFile: string;
  readonly config: Pick<Config, 'journal' | 'metastore'>;
  /** Opens store and journal; call `close` before the next. */
  open(options?: { clock?: Clock }): Promise<OpenJournal>;
  /** Verifies the closed home. */
  verify(publicKey?: string, checkpoint?: SignedCheckpoint): Promise<VerifyReport>;
  /** Changes the store behind its back. */
  tamper(change: (database: DatabaseSync) => void): void;
  dispose(): Promise<void>;
}

export interface OpenJournal {
  readonly store: Metastore;
  readonly journald: Journald;
  /** Commits one event; returns its id and what became of it. */
  add(
    draft?: Partial<EventDraft>,
    context?: Partial<EventContext>,
  ): Promise<{ id: string; outcome: CommitOutcome }>;
  close(): Promise<void>;
}

export async function journalHome(journal: Partial<Config['journal']> = {}): Promise<JournalHome> {
  const home = await mkdtemp(join(tmpdir(), 'journald-'));
  const storeFile = join(home, 'store.db');
  const config = configSchema.parse({
    journal: { checkpoint_every_events: 5, ...journal },
    metastore: { commit_timeout_ms: 30_000 },
  });
  return {
    home,
    storeFile,
    config,
    open: (options = {}) => openJournal({ home, storeFile, config, clock: options.clock ?? systemClock }),
    verify: (publicKey, checkpoint) => verifyOffline({ home, storeFile, config, publicKey, checkpoint }),
    tamper(change) {
      const database = new DatabaseSync(storeFile);
      try {
        change(database);
      } finally {
        database.close();
      }
    },
    dispose: () => rm(home, { recursive: true }),
  };
}

async function openJournal(parts: {
  home: string;
  storeFile: string;
  config: Pick<Config, 'journal' | 'metastore'>;
  clock: Clock;
}): Promise<OpenJournal> {
  const { home, clock, config } = parts;
  const log = createLogger({ level: 'silent' });
  const store = await openMetastore({ file: parts.storeFile, config: config.metastore, clock, log });
  const random = (sizeBytes: number) => randomBytes(sizeBytes);
  const journald = createJournald({ store, config: config.journal, clock, random, home, log });
  try {
    await journald.start();
  } catch (error) {
    await store.close();
    throw error;
  }
  return {
    store,
    journald,
    async add(draft, context) {
      const { eventId, statements } = journald.journal.append(
        { action: 'dataset.ingested', subject: 'dataset:1', data: { row_count: 3 }, ...draft },
        eventContext(context),
      );
      const outcome = await store.commit(statements);
      if (outcome.committed) journald.journal.committed(1);
      return { id: eventId, outcome };
    },
    async close() {
      await journald.stop();
      await store.close();
    },
  };
}

/** The context of an event, as the door would give it. */
export function eventContext(context: Partial<EventContext> = {}): EventContext {
  return {
    requestId: 'request-1',
    operation: 'ingest.file',
    door: 'http',
    identity: ADA,
    policyVersion: 1,
    phase: 'done',
    intentId: null,
    truth: [{ rule: 'no-empty-file', action: 'allow' }],
    ...context,
  };
}
