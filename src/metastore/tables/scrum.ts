import type { Migration } from '../migration.ts';

/** One reading of a whole repository, from its start to its publication. */
export interface ScrumIterationRow {
  iteration_id: string;
  repository: string;
  /** 1 for the first of the repository; abandoned ones keep theirs. */
  number: number;
  commit_id: string;
  prompt: string;
  prompt_hash: string;
  parser_version: string;
  ladder: string;
  replicates: number;
  proposal_sha256: string | null;
  /** `running`, `finished` or `abandoned`. */
  state: string;
  /** Who started it. */
  identity: string;
  /** Ids of the iterations whose findings it is compared with: those that were finished when it began. */
  known_json: string;
  /** Trust in each model of the ladder when it began, 0 to 1. */
  trust_json: string;
  /** Paths of files that its commit no longer holds. */
  gone_json: string;
  /** What was published; null until then. */
  summary_json: string | null;
  started_ms: number;
  finished_ms: number | null;
}

/** One file of a running iteration, as its start declared it. */
export interface ScrumFileRow {
  iteration_id: string;
  path: string;
  content_sha256: string;
  packed_sha256: string;
}

/** One reviewed file of a running iteration; published and removed when it finishes. */
export interface ScrumRowRow {
  iteration_id: string;
  path: string;
  /** A row of `kb.reviews` but for the id of its journal event. */
  row_json: string;
  /** What the reading tells of: findings, anchors, attempts. */
  reading_json: string;
  /** 1 for a row kept from an earlier iteration. */
  reused: number;
  verdict: string;
  cost_nano_usd: number;
  journal_event_id: string | null;
  created_ms: number;
}

/** One call of a model for a file of a running iteration, kept as soon as it was answered. */
export interface ScrumCallRow {
  call_id: string;
  iteration_id: string;
  path: string;
  /** SHA-256 of what the answer depends on. */
  input_sha256: string;
  /** A row of `kb.attempts` but for iteration, repository and path. */
  attempt_json: string;
  /** Of an accepted answer, as the model wrote it. */
  answer_text: string | null;
  /** 1 once a row was made of it. */
  settled: number;
  created_ms: number;
}

/** What decides over a reviewed file, kept beside its published row. */
export interface ScrumSubjectRow {
  iteration_id: string;
  path: string;
  subject_json: string;
  created_ms: number;
}

/** A change that a model proposed. */
export interface ScrumSuggestionRow {
  suggestion_id: string;
  iteration_id: string;
  repository: string;
  path: string;
  /** The suggestion as it is shown, and what decides over it. */
  suggestion_json: string;
  created_ms: number;
}

/** A person's word on what may be done with a file or a suggestion, for a while. */
export interface ScrumOverrideRow {
  override_id: string;
  repository: string;
  path: string | null;
  suggestion_id: string | null;
  tier: string;
  reason: string;
  identity: string;
  created_ms: number;
  expires_ms: number;
}

/** What a run of a suggestion in a scratch worktree showed. */
export interface ScrumTrialRow {
  trial_id: string;
  iteration_id: string;
  suggestion_id: string;
  kind: string;
  command: string;
  outcome: string;
  duration_ms: number;
  identity: string;
  created_ms: number;
}

/** A file with a planted defect, or a clean control, as the models of a ladder read it. */
export interface ScrumCalibrationCaseRow {
  calibration_id: string;
  /** Of the packed file, its changed lines and what was planted. */
  case_sha256: string;
  repository: string;
  path: string;
  /** Rows of `kb.attempts`. */
  attempts_json: string;
  /** 1 once they are in the knowledge base. */
  published: number;
  journal_event_id: string | null;
  created_ms: number;
}

/** Tables of the room `scrum`. */
export interface ScrumTables {
  scrum_iterations: ScrumIterationRow;
  scrum_files: ScrumFileRow;
  scrum_rows: ScrumRowRow;
  scrum_calls: ScrumCallRow;
  scrum_subjects: ScrumSubjectRow;
  scrum_suggestions: ScrumSuggestionRow;
  scrum_overrides: ScrumOverrideRow;
  scrum_trials: ScrumTrialRow;
  scrum_calibration_cases: ScrumCalibrationCaseRow;
}

export const scrumMigrations: readonly Migration[] = [
  {
    name: '0006-scrum',
    statements: [
      `CREATE TABLE scrum_iterations (
        iteration_id TEXT NOT NULL PRIMARY KEY,
        repository TEXT NOT NULL,
        number BIGINT NOT NULL,
        commit_id TEXT NOT NULL,
        prompt TEXT NOT NULL,
        prompt_hash TEXT NOT NULL,
        parser_version TEXT NOT NULL,
        ladder TEXT NOT NULL,
        replicates BIGINT NOT NULL,
        proposal_sha256 TEXT,
        state TEXT NOT NULL,
        identity TEXT NOT NULL,
        known_json TEXT NOT NULL,
        trust_json TEXT NOT NULL,
        summary_json TEXT,
        started_ms BIGINT NOT NULL,
        finished_ms BIGINT,
        UNIQUE (repository, number)
      )`,
      // One iteration of a kind runs at a time.
      `CREATE UNIQUE INDEX scrum_iterations_running ON scrum_iterations (repository, prompt, ladder, replicates)
        WHERE state = 'running'`,
      'CREATE INDEX scrum_iterations_started ON scrum_iterations (started_ms)',
      `CREATE TABLE scrum_files (
        iteration_id TEXT NOT NULL,
        path TEXT NOT NULL,
        content_sha256 TEXT NOT NULL,
        packed_sha256 TEXT NOT NULL,
        PRIMARY KEY (iteration_id, path)
      )`,
      `CREATE TABLE scrum_rows (
        iteration_id TEXT NOT NULL,
        path TEXT NOT NULL,
        row_json TEXT NOT NULL,
        reading_json TEXT NOT NULL,
        reused BIGINT NOT NULL,
        verdict TEXT NOT NULL,
        cost_nano_usd BIGINT NOT NULL,
        journal_event_id TEXT,
        created_ms BIGINT NOT NULL,
        PRIMARY KEY (iteration_id, path)
      )`,
      `CREATE TABLE scrum_subjects (
        iteration_id TEXT NOT NULL,
        path TEXT NOT NULL,
        subject_json TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        PRIMARY KEY (iteration_id, path)
      )`,
      'CREATE INDEX scrum_subjects_created ON scrum_subjects (created_ms)',
      `CREATE TABLE scrum_suggestions (
        suggestion_id TEXT NOT NULL PRIMARY KEY,
        iteration_id TEXT NOT NULL,
        repository TEXT NOT NULL,
        path TEXT NOT NULL,
        suggestion_json TEXT NOT NULL,
        created_ms BIGINT NOT NULL
      )`,
      'CREATE INDEX scrum_suggestions_iteration ON scrum_suggestions (iteration_id, path)',
      'CREATE INDEX scrum_suggestions_created ON scrum_suggestions (created_ms)',
      `CREATE TABLE scrum_overrides (
        override_id TEXT NOT NULL PRIMARY KEY,
        repository TEXT NOT NULL,
        path TEXT,
        suggestion_id TEXT,
        tier TEXT NOT NULL,
        reason TEXT NOT NULL,
        identity TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        expires_ms BIGINT NOT NULL
      )`,
      'CREATE INDEX scrum_overrides_repository ON scrum_overrides (repository, expires_ms)',
      `CREATE TABLE scrum_trials (
        trial_id TEXT NOT NULL PRIMARY KEY,
        iteration_id TEXT NOT NULL,
        suggestion_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        command TEXT NOT NULL,
        outcome TEXT NOT NULL,
        duration_ms DOUBLE PRECISION NOT NULL,
        identity TEXT NOT NULL,
        created_ms BIGINT NOT NULL
      )`,
      'CREATE INDEX scrum_trials_suggestion ON scrum_trials (suggestion_id, created_ms)',
      'CREATE INDEX scrum_trials_created ON scrum_trials (created_ms)',
    ],
  },
  {
    name: '0007-scrum-calibrations',
    statements: [
      `CREATE TABLE scrum_calibration_cases (
        calibration_id TEXT NOT NULL,
        case_sha256 TEXT NOT NULL,
        repository TEXT NOT NULL,
        path TEXT NOT NULL,
        attempts_json TEXT NOT NULL,
        published BIGINT NOT NULL,
        journal_event_id TEXT,
        created_ms BIGINT NOT NULL,
        PRIMARY KEY (calibration_id, case_sha256)
      )`,
      'CREATE INDEX scrum_calibration_cases_created ON scrum_calibration_cases (created_ms)',
    ],
  },
  {
    name: '0008-scrum-gone-files',
    statements: ["ALTER TABLE scrum_iterations ADD COLUMN gone_json TEXT NOT NULL DEFAULT '[]'"],
  },
  {
    name: '0009-scrum-calls',
    statements: [
      `CREATE TABLE scrum_calls (
        call_id TEXT NOT NULL PRIMARY KEY,
        iteration_id TEXT NOT NULL,
        path TEXT NOT NULL,
        input_sha256 TEXT NOT NULL,
        attempt_json TEXT NOT NULL,
        answer_text TEXT,
        settled BIGINT NOT NULL,
        created_ms BIGINT NOT NULL
      )`,
      'CREATE INDEX scrum_calls_file ON scrum_calls (iteration_id, path)',
    ],
  },
];
