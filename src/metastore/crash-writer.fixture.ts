/**
 * A process that commits without end, for tests that kill it or take its disk away: `node crash-writer.fixture.ts
 * <store file>`. Prints `open`, then a line for each commit's outcome: `kept <key>` or `failed <code> <key>`.
 */
import { writeSync } from 'node:fs';
import { createLogger, isLakeError, systemClock } from '../base/index.ts';
import { statement } from './metastore.ts';
import { openMetastore } from './sqlite-metastore.ts';

const WRITERS = 8;

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: crash-writer.fixture.ts <store file>');
const store = await openMetastore({
  file,
  config: { commit_timeout_ms: 10_000 },
  clock: systemClock,
  log: createLogger({ level: 'silent' }),
});
print('open');
await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

async function write(writer: number): Promise<void> {
  for (let number = 0; ; number++) {
    const key = `${writer}-${number}`;
    try {
      // Two rows in one batch: a test sees whether a half of it can be kept.
      await store.commit([row(`${key}-a`), row(`${key}-b`)]);
      print(`kept ${key}`);
    } catch (error) {
      print(`failed ${isLakeError(error) ? error.code : String(error)} ${key}`);
    }
  }
}

function row(key: string) {
  return statement(
    store.queries.insertInto('idempotency_records').values({
      identity: 'ada',
      operation: 'crash',
      idempotency_key: key,
      fingerprint: 'f'.repeat(200),
      status: 0,
      response_json: '{}',
      created_ms: 0,
    }),
  );
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
