import type { Clock, Logger } from '../../base/index.ts';
import { LakeError } from '../../base/index.ts';
import type { Metastore, MetastoreReader } from '../../metastore/index.ts';
import { statement } from '../../metastore/index.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import { checkpointDigest, signedText } from './checkpoint.ts';
import type { CheckpointKey, CheckpointKeyFiles } from './checkpoint-key.ts';
import { journalErrors } from './errors.ts';
import { GENESIS_HASH } from './event-record.ts';
import { appendHeads, readHeads } from './heads-file.ts';
import { readHead } from './journal-head.ts';

/** Checkpoints appended to the heads file in one write. */
const HEADS_PAGE = 1_000;

/** Signs where the chain stands, stores it, and writes it to the heads file. */
export interface Checkpointer {
  /** Puts the key in force and brings the heads file up to the store; throws where events that were signed are gone. */
  start(): Promise<void>;
  /** Signs the current head, unless it is signed already. One at a time; calls meanwhile share one more. */
  sign(): Promise<void>;
  /** Takes the key that the store names, after a rotation. */
  adoptKey(): Promise<CheckpointKey>;
  key(): CheckpointKey;
}

interface CheckpointerParts {
  readonly store: Metastore;
  readonly writer: string;
  readonly keys: CheckpointKeyFiles;
  readonly headsFile: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createCheckpointer(parts: CheckpointerParts): Checkpointer {
  const { store, writer, log } = parts;
  let key: CheckpointKey | null = null;
  /** The number of the last checkpoint in the heads file. */
  let written = 0;
  let running: Promise<void> | null = null;
  let again: Promise<void> | null = null;

  async function adoptKey(): Promise<CheckpointKey> {
    key = await keyInForce(parts);
    return key;
  }

  async function signOnce(): Promise<void> {
    const signer = key ?? (await adoptKey());
    const head = await readHead(store, writer);
    const last = await latestCheckpoint(store, writer);
    if (last === null || last.seq < head.seq) {
      const unsigned = {
        writer,
        number: (last?.number ?? 0) + 1,
        seq: head.seq,
        hash: head.hash,
        time_ms: parts.clock.nowMs(),
        previous: last === null ? GENESIS_HASH : checkpointDigest(last),
        key_id: signer.keyId,
      };
      const outcome = await insertCheckpoint(store, {
        ...unsigned,
        signature: signer.sign(signedText(unsigned)),
      });
      if (!outcome.committed) {
        // A rotation was committed since the head was read: what it covers is signed by the new key, at the next turn.
        log.info({ refusal: outcome.refusal }, 'a checkpoint was refused; the key is read again');
        await adoptKey();
        return;
      }
    }
    written = await bringUpHeadsFile(parts, written);
  }

  function sign(): Promise<void> {
    if (running === null) {
      running = signOnce().finally(() => {
        running = null;
      });
      return running;
    }
    again ??= running
      .catch(() => undefined)
      .then(() => {
        again = null;
        return sign();
      });
    return again;
  }

  return {
    async start() {
      await adoptKey();
      parts.keys.removeCandidates();
      written = await checkHeadsFile(parts);
      await sign();
    },
    sign,
    adoptKey,
    key() {
      if (key === null) throw new Error('the checkpointer is not started');
      return key;
    },
  };
}

/** The last signed checkpoint of a writer; null before the first. */
export async function latestCheckpoint(
  store: MetastoreReader,
  writer: string,
): Promise<SignedCheckpoint | null> {
  const [row] = await store.read(
    store.queries
      .selectFrom('journal_checkpoints')
      .selectAll()
      .where('writer', '=', writer)
      .orderBy('number', 'desc')
      .limit(1),
  );
  return row ?? null;
}

/** The key the store names; on a fresh home, a new one. */
async function keyInForce({ store, writer, keys }: CheckpointerParts): Promise<CheckpointKey> {
  let { checkpoint_key_id: keyId } = await readHead(store, writer);
  if (keyId === null) {
    const made = keys.current() ?? keys.createCandidate();
    await store.commit([
      statement(
        store.queries
          .updateTable('journal_heads')
          .set({ checkpoint_key_id: made.keyId })
          .where('writer', '=', writer)
          .where('checkpoint_key_id', 'is', null),
      ),
    ]);
    keyId = made.keyId;
  }
  const key = keys.adopt(keyId);
  if (key !== null) return key;
  throw new LakeError(journalErrors.key_missing, {
    detail: `The journal's checkpoints are signed by the key ${keyId}, which is not in the home's keys folder.`,
  });
}

/** Guarded by the key in force: from a rotation's place in the chain on, only the new key signs. */
function insertCheckpoint(store: Metastore, checkpoint: SignedCheckpoint) {
  const { writer, key_id: keyId } = checkpoint;
  const { queries } = store;
  const inForce = queries
    .selectFrom('journal_heads')
    .select('writer')
    .where('writer', '=', writer)
    .where('checkpoint_key_id', '=', keyId);
  return store.commit([
    statement(inForce, { rows: 1, refusal: 'checkpoint_key_rotated' }),
    statement(queries.insertInto('journal_checkpoints').values(checkpoint)),
  ]);
}

/** The number of the heads file's last checkpoint. Throws where the store lacks what it says was signed. */
async function checkHeadsFile({ store, writer, headsFile }: CheckpointerParts): Promise<number> {
  let last: SignedCheckpoint | null = null;
  for await (const { checkpoint } of (await readHeads(headsFile)).lines()) {
    if (checkpoint?.writer === writer && checkpoint.number > (last?.number ?? 0)) last = checkpoint;
  }
  if (last === null) return 0;
  const head = await readHead(store, writer);
  const stored = await latestCheckpoint(store, writer);
  if (last.seq <= head.seq && last.number <= (stored?.number ?? 0)) return last.number;
  throw new LakeError(journalErrors.behind_heads_file, {
    detail:
      `The heads file holds a signed checkpoint of event ${last.seq}, but the journal ends at event ${head.seq}: ` +
      'events are missing, or an older copy of the store was put in place.',
  });
}

async function bringUpHeadsFile(
  { store, writer, headsFile }: CheckpointerParts,
  written: number,
): Promise<number> {
  let last = written;
  for (;;) {
    const missing = await store.read(
      store.queries
        .selectFrom('journal_checkpoints')
        .selectAll()
        .where('writer', '=', writer)
        .where('number', '>', last)
        .orderBy('number')
        .limit(HEADS_PAGE),
    );
    const end = missing.at(-1);
    if (end === undefined) return last;
    await appendHeads(headsFile, missing);
    last = end.number;
  }
}
