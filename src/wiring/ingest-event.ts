import type { Database } from '../metastore/index.ts';
import type { NewEvent } from '../review/observer/index.ts';

/** A committed ingest as the observer is told of it: numbers and names, no row. */
export function ingestEvent(row: Database['ingests']): NewEvent {
  const rejected = row.rejected_count > 0;
  return {
    source: 'ingest',
    kind: rejected ? 'quarantined' : 'ingested',
    severity: rejected ? 'warn' : 'info',
    message: rejected
      ? `${row.dataset_name}: ${row.row_count} rows, ${row.rejected_count} quarantined`
      : `${row.dataset_name}: ${row.row_count} rows`,
    externalId: row.ingest_id,
    ...(rejected ? { signature: `ingest:${row.dataset_id}:quarantined` } : {}),
    data: {
      dataset: row.dataset_name,
      ingest_id: row.ingest_id,
      format: row.format,
      row_count: row.row_count,
      rejected_count: row.rejected_count,
      snapshot_id: row.snapshot_id,
    },
  };
}
