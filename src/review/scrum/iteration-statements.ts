import type { Statement } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import type { ScrumFileRow, ScrumRowRow, ScrumSubjectRow } from '../../metastore/tables/scrum.ts';
import type { FileReading, PendingReview } from './iteration-records.ts';

/** Rows of one statement: a statement takes 32,766 parameters at most. */
const ROWS_PER_STATEMENT = 3_000;

/** The files that an iteration declares; few statements for many of them. */
export function insertFiles(
  { queries }: MetastoreReader,
  rows: readonly ScrumFileRow[],
): readonly Statement[] {
  return portions(rows).map((some) =>
    statement(queries.insertInto('scrum_files').values(some), { rows: some.length, refusal: 'file_taken' }),
  );
}

/** Reviewed files; another reading of one refuses the commit (`row_taken`). */
export function insertRows({ queries }: MetastoreReader, rows: readonly ScrumRowRow[]): readonly Statement[] {
  return portions(rows).map((some) =>
    statement(queries.insertInto('scrum_rows').values(some), { rows: some.length, refusal: 'row_taken' }),
  );
}

/** What decides over files. */
export function insertSubjects(
  { queries }: MetastoreReader,
  rows: readonly ScrumSubjectRow[],
): readonly Statement[] {
  return portions(rows).map((some) =>
    statement(queries.insertInto('scrum_subjects').values(some), {
      rows: some.length,
      refusal: 'subject_taken',
    }),
  );
}

function portions<T>(rows: readonly T[]): readonly T[][] {
  const count = Math.ceil(rows.length / ROWS_PER_STATEMENT);
  return Array.from({ length: count }, (_, at) =>
    rows.slice(at * ROWS_PER_STATEMENT, (at + 1) * ROWS_PER_STATEMENT),
  );
}

/** A reviewed file as the store keeps it until the iteration is published. */
export function rowToInsert(
  review: PendingReview,
  reading: FileReading,
  kept: { readonly reused: boolean; readonly eventId: string | null; readonly nowMs: number },
): ScrumRowRow {
  return {
    iteration_id: review.iteration_id,
    path: review.path,
    row_json: JSON.stringify(review),
    reading_json: JSON.stringify(reading),
    reused: kept.reused ? 1 : 0,
    verdict: review.verdict,
    cost_nano_usd: Math.round(review.cost_usd * 1e9),
    journal_event_id: kept.eventId,
    created_ms: Math.floor(kept.nowMs),
  };
}
