/**
 * A process that journals without end, for a test that kills it: `node crash-journal.fixture.ts <home>`. Prints the id
 * of each acknowledged event.
 */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, systemClock } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import { openMetastore } from '../../metastore/index.ts';
import { createJournald } from './create-journald.ts';

const WRITERS = 8;

const [home] = process.argv.slice(2);
if (home === undefined) throw new Error('usage: crash-journal.fixture.ts <home>');
const log = createLogger({ level: 'silent' });
const config = configSchema.parse({ journal: { checkpoint_every_events: 5 } });
const file = join(home, 'store.db');
const store = await openMetastore({ file, config: { commit_timeout_ms: 10_000 }, clock: systemClock, log });
const random = (sizeBytes: number) => randomBytes(sizeBytes);
const { journal, start } = createJournald({
  store,
  config: config.journal,
  clock: systemClock,
  random,
  home,
  log,
});
await start();
await Promise.all(Array.from({ length: WRITERS }, write));

async function write(): Promise<void> {
  for (;;) {
    const { eventId, statements } = journal.append(
      { action: 'dataset.ingested', subject: 'dataset:1', data: {} },
      {
        requestId: 'request-1',
        operation: 'ingest.file',
        door: 'http',
        identity: { name: 'ada', role: 'admin', attributes: new Map(), keyId: null, onBehalfOf: null },
        policyVersion: 1,
        phase: 'done',
        intentId: null,
        truth: null,
      },
    );
    const outcome = await store.commit(statements);
    if (!outcome.committed) throw new Error(outcome.refusal);
    journal.committed(1);
    print(eventId);
  }
}

/** Written before the next commit, so that a kill loses no line; a full pipe is tried again. */
function print(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}
