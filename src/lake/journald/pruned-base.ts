import type { JsonObject } from '../../base/index.ts';
import { canonicalJson, isJsonObject } from '../../base/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { CheckpointKey } from './checkpoint-key.ts';
import { GENESIS_HASH } from './event-record.ts';
import type { JournalHead } from './journal-head.ts';
import type { KeyTrust } from './key-trust.ts';
import type { ProblemList } from './problems.ts';
import { readUndamaged } from './read-undamaged.ts';

/** The action of the event that records a removal of old events. */
export const PRUNED = 'journal.pruned';

/** What a pruning's event says, signed, so that whoever can write the store cannot pass a removal off as one. */
export function prunedData(
  pruned: { readonly throughSeq: number; readonly throughHash: string; readonly events: number },
  key: CheckpointKey,
): JsonObject {
  const facts = { through_seq: pruned.throughSeq, through_hash: pruned.throughHash, events: pruned.events };
  return { ...facts, signature: key.sign(prunedText(facts)) };
}

/** Checks that what is kept of a chain begins at its genesis, or where a signed pruning left it. */
export async function checkBase(parts: {
  readonly reader: MetastoreReader;
  readonly head: JournalHead;
  readonly trust: KeyTrust;
  readonly problems: ProblemList;
}): Promise<void> {
  const { reader, head, trust, problems } = parts;
  const { writer, base_seq: seq, base_hash: hash } = head;
  if (seq === 0 && hash === GENESIS_HASH) return;
  const facts = await lastPruning(reader, writer);
  const { signature, ...signed } = facts ?? {};
  const isSame = signed.through_seq === seq && signed.through_hash === hash;
  if (isSame && typeof signature === 'string' && trust.isSignedByAny(prunedText(signed), signature)) return;
  const problem = `events up to ${seq} are missing and no signed pruning says so`;
  problems.add({ writer, seq: 1, id: null, place: 'head', problem });
}

async function lastPruning(reader: MetastoreReader, writer: string): Promise<JsonObject | null> {
  const rows = await readUndamaged(
    reader,
    reader.queries
      .selectFrom('journal_events')
      .select('record')
      .where('action', '=', PRUNED)
      .where('writer', '=', writer)
      .orderBy('id', 'desc')
      .limit(1),
  );
  try {
    const [row] = rows ?? [];
    const data: unknown = row && (JSON.parse(row.record) as JsonObject).data;
    return isJsonObject(data) ? data : null;
  } catch {
    // The walk along the chain names the damaged record.
    return null;
  }
}

/** Begins unlike the other texts the key signs. */
function prunedText(facts: JsonObject): string {
  return `lakehouse journal pruning v1\n${canonicalJson(facts)}`;
}
