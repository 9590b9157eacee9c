import { compareTexts } from '../../base/index.ts';
import type { FindingRow } from './finding-row.ts';
import type { IterationKey } from './iteration-key.ts';

/** A finding that ended with its file: neither landed nor fixed by proof, and in no queue any more. */
export interface GoneFinding {
  readonly finding_id: string;
  readonly path: string;
  readonly rule: string;
  readonly claim: string;
  readonly severity: FindingRow['severity'];
  /** The commit that holds the file no more. */
  readonly commit: string | null;
}

/** The findings that ended in one iteration because their files are gone, by path. */
export function goneFindings(rows: readonly FindingRow[], iteration: IterationKey): readonly GoneFinding[] {
  const gone = rows.filter((row) => row.iteration_id === iteration.iteration_id && row.state === 'gone');
  return [...new Map(gone.map((row) => [row.finding_id, row])).values()]
    .map((row) => ({
      ...{ finding_id: row.finding_id, path: row.path, rule: row.rule, claim: row.claim },
      ...{ severity: row.severity, commit: row.closed_by_commit },
    }))
    .sort((a, b) => compareTexts(a.path, b.path) || compareTexts(a.finding_id, b.finding_id));
}
