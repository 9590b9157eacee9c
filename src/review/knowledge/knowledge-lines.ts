import { isJsonObject, type JsonValue } from '../../base/index.ts';
import type { AttemptRow } from './attempt-row.ts';
import type { FindingRow } from './finding-row.ts';
import { foreignRows } from './foreign-rows.ts';
import { KNOWLEDGE_DATASETS, type ReadRow, type RowKind, readRow } from './knowledge-datasets.ts';
import type { KnowledgeRows } from './movement.ts';
import type { ReviewRow } from './review-row.ts';

/** A line that was left out, from 1, and why: nothing is dropped in silence. */
export interface LineProblem {
  readonly line: number;
  readonly reason: string;
}

/** What a JSONL file holds: every line that is not blank gave rows or a problem. */
export interface KnowledgeFile extends KnowledgeRows {
  readonly problems: readonly LineProblem[];
  /** Lines that are not blank. */
  readonly lines: number;
}

/** The rows as JSONL, one a line: the columns of its dataset, and `dataset`, which names it. */
export function knowledgeLines({ reviews, findings, attempts }: KnowledgeRows): string {
  const { attempts: ofAttempts, findings: ofFindings, reviews: ofReviews } = KNOWLEDGE_DATASETS;
  const lines = [
    ...reviews.map((row) => ({ dataset: ofReviews.name, ...row })),
    ...findings.map((row) => ({ dataset: ofFindings.name, ...row })),
    ...attempts.map((row) => ({ dataset: ofAttempts.name, ...row })),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/**
 * Reads the lines of `knowledgeLines`, and those of `phase_sweep_findings` and `model_trust` (see `foreignRows`), which
 * belong to `repository` where they name none.
 */
export function readKnowledgeLines(text: string, repository: string): KnowledgeFile {
  const file = new FileInTheMaking();
  let lines = 0;
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    if (written.trim() === '') continue;
    lines++;
    const line = index + 1;
    const value = parsed(index === 0 ? written.replace(/^\uFEFF/, '') : written);
    const kind = isJsonObject(value) ? kindOf(value.dataset) : null;
    if (kind !== null && isJsonObject(value)) {
      const { dataset: _, ...row } = value;
      file.take(line, kind, row);
      continue;
    }
    const foreign = foreignRows(value, { repository, nthOf: (key) => file.nthOf(key) });
    if (!foreign.ok) file.refuse(line, foreign.reason);
    else for (const one of foreign.rows) file.take(line, one.kind, one.row);
  }
  const { attempts, findings, problems, reviews } = file;
  return { reviews, findings, attempts, problems, lines };
}

class FileInTheMaking {
  readonly reviews: ReviewRow[] = [];
  readonly findings: FindingRow[] = [];
  readonly attempts: AttemptRow[] = [];
  readonly problems: LineProblem[] = [];
  readonly #lines = new Map<string, number>();

  take(line: number, kind: RowKind, value: unknown): void {
    if (kind === 'reviews') this.#keep(line, readRow(kind, value), this.reviews);
    else if (kind === 'findings') this.#keep(line, readRow(kind, value), this.findings);
    else this.#keep(line, readRow(kind, value), this.attempts);
  }

  nthOf(key: string): number {
    const nth = (this.#lines.get(key) ?? 0) + 1;
    this.#lines.set(key, nth);
    return nth;
  }

  refuse(line: number, reason: string): void {
    this.problems.push({ line, reason });
  }

  #keep<Row>(line: number, read: ReadRow<Row>, rows: Row[]): void {
    if (read.ok) rows.push(read.row);
    else this.refuse(line, read.reason);
  }
}

function kindOf(dataset: unknown): RowKind | null {
  const kinds: readonly RowKind[] = ['reviews', 'findings', 'attempts'];
  return kinds.find((kind) => KNOWLEDGE_DATASETS[kind].name === dataset) ?? null;
}

function parsed(line: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(line);
    return value;
  } catch {
    return null;
  }
}
