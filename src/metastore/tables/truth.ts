import type { Migration } from '../migration.ts';

/** An answer that a rule held back until a person decides; the only place where an answer is kept. */
export interface TruthReviewRow {
  review_id: string;
  request_id: string;
  created_ms: number;
  operation: string;
  /** Who asked: `agent` or `agent for person`. Only they get the answer, once it is approved. */
  identity: string;
  /** The rules that ask for a review, as JSON. */
  rules_json: string;
  content_type: string;
  /** The answer's bytes in base64; emptied when it is rejected or forgotten. */
  answer_base64: string;
  /** `pending`, `approved`, `rejected`. */
  state: string;
  decided_ms: number | null;
  decided_by: string | null;
  reason: string | null;
}

export interface TruthTables {
  truth_reviews: TruthReviewRow;
}

export const truthMigrations: readonly Migration[] = [
  {
    name: '0004-truth-reviews',
    statements: [
      `CREATE TABLE truth_reviews (
        review_id TEXT NOT NULL PRIMARY KEY,
        request_id TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        operation TEXT NOT NULL,
        identity TEXT NOT NULL,
        rules_json TEXT NOT NULL,
        content_type TEXT NOT NULL,
        answer_base64 TEXT NOT NULL,
        state TEXT NOT NULL,
        decided_ms BIGINT,
        decided_by TEXT,
        reason TEXT
      )`,
      'CREATE INDEX truth_reviews_state ON truth_reviews (state, created_ms)',
    ],
  },
];
