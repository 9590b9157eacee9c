import type { MetastoreReader } from '../../metastore/index.ts';
import type { JournalHead } from './journal-head.ts';
import type { ProblemList } from './problems.ts';

/** Collects intents along the chain, to compare the list of open ones with at the end. */
export interface IntentLedger {
  add(event: {
    readonly id: string;
    readonly seq: number;
    readonly phase: unknown;
    readonly intentId: unknown;
  }): void;
  open(): ReadonlyMap<string, number>;
}

export function intentLedger(): IntentLedger {
  const open = new Map<string, number>();
  return {
    add({ id, seq, phase, intentId }) {
      if (phase === 'intent') open.set(id, seq);
      if (phase === 'settled' && typeof intentId === 'string') open.delete(intentId);
    },
    open: () => open,
  };
}

/** The list of open intents decides what is settled at the next start: one that left it would never be. */
export async function checkOpenIntents(parts: {
  readonly reader: MetastoreReader;
  readonly head: JournalHead;
  readonly ledger: IntentLedger;
  readonly problems: ProblemList;
}): Promise<void> {
  const { reader, head, ledger, problems } = parts;
  const { writer } = head;
  const rows = await reader.read(reader.queries.selectFrom('journal_open_intents').select('intent_id'));
  const listed = new Set(rows.map((row) => row.intent_id));
  for (const [id, seq] of ledger.open()) {
    if (listed.has(id) || (await wasSettledSince(reader, head, id))) continue;
    const problem = 'the intent is not settled, but is not listed as open';
    problems.add({ writer, seq, id, place: 'event', problem });
  }
  for (const id of listed) {
    // One above the head that verification began with was announced meanwhile.
    if (ledger.open().has(id) || id > head.last_id) continue;
    const problem = 'an intent is listed as open that the chain settled or never announced';
    problems.add({ writer, seq: head.seq, id, place: 'head', problem });
  }
}

async function wasSettledSince(
  reader: MetastoreReader,
  head: JournalHead,
  intentId: string,
): Promise<boolean> {
  const rows = await reader.read(
    reader.queries
      .selectFrom('journal_events')
      .select('id')
      .where('writer', '=', head.writer)
      .where('seq', '>', head.seq)
      .where('intent_id', '=', intentId)
      .limit(1),
  );
  return rows.length > 0;
}
