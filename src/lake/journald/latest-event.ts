import type { JsonObject } from '../../base/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';

/** The data of the newest event of one of these actions; null where there is none (or it was pruned). */
export async function latestEventData(
  reader: MetastoreReader,
  actions: readonly string[],
): Promise<JsonObject | null> {
  const [row] = await reader.read(
    reader.queries
      .selectFrom('journal_events')
      .select('record')
      .where('action', 'in', actions)
      .orderBy('seq', 'desc')
      .limit(1),
  );
  return row === undefined ? null : (JSON.parse(row.record) as { data: JsonObject }).data;
}
