import type { JsonObject } from '../../base/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';

/** An effect outside the store that was announced and not settled: the process ended in between. */
export interface OpenIntent {
  /** The intent event's id: the `intentId` of the event that settles it. */
  readonly intentId: string;
  readonly timeMs: number;
  readonly action: string;
  readonly subject: string;
  readonly operation: string;
  readonly requestId: string;
  /** What the owner wrote down to settle it by. */
  readonly data: JsonObject;
}

/** Every open intent, oldest first. */
export async function readOpenIntents(reader: MetastoreReader): Promise<readonly OpenIntent[]> {
  const rows = await reader.read(
    reader.queries
      .selectFrom('journal_open_intents')
      .innerJoin('journal_events', 'journal_events.id', 'journal_open_intents.intent_id')
      .select(['id', 'time_ms', 'action', 'subject', 'operation', 'request_id', 'record'])
      .orderBy('id'),
  );
  return rows.map((row) => ({
    intentId: row.id,
    timeMs: row.time_ms,
    action: row.action,
    subject: row.subject,
    operation: row.operation,
    requestId: row.request_id,
    data: (JSON.parse(row.record) as { data: JsonObject }).data,
  }));
}
