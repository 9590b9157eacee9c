import { resolve } from 'node:path';
import type { Clock, IdGenerator, IdSource, JsonObject, Logger } from '../../base/index.ts';
import { createIdGenerator } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { AnyOperation, HttpRoute } from '../../govern/scope/index.ts';
import type { Metastore } from '../../metastore/index.ts';
import { createEventAppender } from './append-event.ts';
import { checkpointKeyFiles } from './checkpoint-key.ts';
import { createCheckpointer } from './checkpointer.ts';
import { eventRecord } from './event-record.ts';
import type { Journal } from './journal.ts';
import { ensureHead, WRITER } from './journal-head.ts';
import { latestEventData } from './latest-event.ts';
import { type OpenIntent, readOpenIntents } from './open-intents.ts';
import { checkpointOperation } from './operations/checkpoint.ts';
import { eventsOperation } from './operations/events.ts';
import { rotateKeyOperation } from './operations/rotate-key.ts';
import { statsOperation } from './operations/stats.ts';
import { verifyOperation } from './operations/verify.ts';
import { pruneJournal } from './retention.ts';
import { journalRoutes } from './routes.ts';

/** How often old events are looked for. */
const PRUNE_EVERY_MS = 3_600_000;

/** The room: one gateway's journal. */
export interface Journald {
  readonly journal: Journal;
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
  /** Effects that a crash left announced and not settled, for their owners to settle before traffic is taken. */
  openIntents(): Promise<readonly OpenIntent[]>;
  /** The data of the newest event of one of these actions; null where there is none. */
  latest(actions: readonly string[]): Promise<JsonObject | null>;
  /**
   * Call before the first event. Makes the chain and its key on a fresh home, signs what is not signed. Throws
   * `journal.damaged`, `journal.key_missing`, `journal.behind_heads_file`.
   */
  start(): Promise<void>;
  /** Signs a last checkpoint. The store must still be open. */
  stop(): Promise<void>;
}

/** The store is here for the journal's own records: checkpoints and pruning. Changes of callers are committed by the door. */
export function createJournald(parts: {
  readonly store: Metastore;
  readonly config: Config['journal'];
  readonly clock: Clock;
  readonly random: IdSource;
  /** The home's folder: keys and, where its path is relative, the heads file. */
  readonly home: string;
  readonly log: Logger;
}): Journald {
  const { store, config, clock, random, home, log } = parts;
  const writer = WRITER;
  const keys = checkpointKeyFiles(home);
  const headsFile = resolve(home, config.heads_file);
  const checkpointer = createCheckpointer({ store, writer, keys, headsFile, clock, log });
  const append = createEventAppender(store.dialect, writer);
  let ids: IdGenerator | null = null;
  let unsigned = 0;
  const timers: NodeJS.Timeout[] = [];

  function sign(): Promise<void> {
    unsigned = 0;
    return checkpointer
      .sign()
      .catch((error: unknown) => log.error({ err: error }, 'no checkpoint could be signed'));
  }

  const journal: Journal = {
    append(draft, context) {
      if (ids === null) throw new Error('the journal is not started');
      const eventId = ids.next();
      const event = eventRecord({ id: eventId, writer, timeMs: clock.nowMs(), draft, context });
      return { eventId, statements: append(event) };
    },
    committed(events) {
      unsigned += events;
      if (unsigned >= config.checkpoint_every_events) void sign();
    },
  };

  async function prune(): Promise<void> {
    const newRequestId = () => createIdGenerator({ clock, random }).next();
    const retentionDays = config.retention_days;
    await pruneJournal({
      store,
      writer,
      journal,
      checkpointer,
      clock,
      log,
      retentionDays,
      newRequestId,
    }).catch((error: unknown) => log.error({ err: error }, 'old journal events could not be pruned'));
  }

  return {
    journal,
    operations: [
      eventsOperation(store),
      statsOperation(store),
      checkpointOperation({ store, writer, checkpointer }),
      verifyOperation({ store, headsFile, checkpointer }),
      rotateKeyOperation({ store, writer, keys, checkpointer }),
    ],
    routes: journalRoutes,
    openIntents: () => readOpenIntents(store),
    latest: (actions) => latestEventData(store, actions),
    async start() {
      const head = await ensureHead(store, writer);
      ids = createIdGenerator({ clock, random, ...(head.last_id === '' ? {} : { after: head.last_id }) });
      await checkpointer.start();
      await prune();
      timers.push(setInterval(() => void sign(), config.checkpoint_every_s * 1_000).unref());
      timers.push(setInterval(() => void prune(), PRUNE_EVERY_MS).unref());
    },
    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer);
      await sign();
    },
  };
}
