import type { ScrumCallRow, ScrumRowRow } from '../../metastore/tables/scrum.ts';
import type { Attempt } from './review-passes.ts';

/** A call that was made for a file, as the store keeps it until the iteration ends. */
export interface KeptCall {
  readonly attempt: Attempt;
  /** Of everything that the answer depends on: an answer to another question is none to this one. */
  readonly inputSha256: string;
  /** Of an accepted answer, as the model wrote it. */
  readonly text: string | null;
  /** A row was made of it: a later reading of the file begins anew. */
  readonly isSettled: boolean;
}

export function keptCall(row: ScrumCallRow): KeptCall {
  return {
    attempt: attemptOf(row),
    inputSha256: row.input_sha256,
    text: row.answer_text,
    isSettled: Number(row.settled) === 1,
  };
}

export function attemptOf(row: ScrumCallRow): Attempt {
  const attempt: Attempt = JSON.parse(row.attempt_json);
  return attempt;
}

/** Calls that are in no row: of files that are not read to their end, changed since, or are no longer of the iteration. */
export function callsWithoutRow(
  calls: readonly ScrumCallRow[],
  rows: readonly ScrumRowRow[],
): readonly ScrumCallRow[] {
  const read = new Set(rows.map(({ path }) => path));
  return calls.filter(({ path, settled }) => Number(settled) === 0 || !read.has(path));
}
