import type { Migration } from '../migration.ts';

/** What one counter of a ceiling has used in one window of time; `spent + held` never exceeds the ceiling. */
export interface BudgetWindowRow {
  ceiling: string;
  /** The values the ceiling counts apart, as JSON; `[]` for one counter over all. */
  counter: string;
  /** `usd_hour`, `usd_day`, `tokens_hour`, `requests_hour`. */
  unit: string;
  window_start_ms: number;
  /** Nano-dollars, tokens or requests. */
  spent: number;
  held: number;
}

/** One call under way: what is held for it, and where. */
export interface BudgetHoldRow {
  spend_id: string;
  request_id: string;
  created_ms: number;
  /** What the call is, to account for it where it is never settled: identity, provider, model, task, rule. */
  call_json: string;
  /** The windows and the amount in each. */
  holds_json: string;
}

/** One call of a model, once it is settled. */
export interface ModelCallRow {
  spend_id: string;
  request_id: string;
  time_ms: number;
  /** `agent` or `agent for person`. */
  identity: string;
  role: string;
  provider: string;
  /** The full name, `provider/model`. */
  model: string;
  task: string;
  rule: string | null;
  /** `ok`, `partial`, `failed`, or `unknown` where the process ended before the call was settled. */
  status: string;
  error_class: string | null;
  finish: string | null;
  cost_nano_usd: number;
  held_nano_usd: number;
  input_tokens: number;
  cached_input_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  latency_ms: number;
  first_token_ms: number | null;
}

export interface BudgetTables {
  budget_windows: BudgetWindowRow;
  budget_holds: BudgetHoldRow;
  model_calls: ModelCallRow;
}

export const budgetMigrations: readonly Migration[] = [
  {
    name: '0003-budget',
    statements: [
      `CREATE TABLE budget_windows (
        ceiling TEXT NOT NULL,
        counter TEXT NOT NULL,
        unit TEXT NOT NULL,
        window_start_ms BIGINT NOT NULL,
        spent BIGINT NOT NULL,
        held BIGINT NOT NULL,
        PRIMARY KEY (ceiling, counter, unit, window_start_ms)
      )`,
      'CREATE INDEX budget_windows_start ON budget_windows (window_start_ms)',
      `CREATE TABLE budget_holds (
        spend_id TEXT NOT NULL PRIMARY KEY,
        request_id TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        call_json TEXT NOT NULL,
        holds_json TEXT NOT NULL
      )`,
      `CREATE TABLE model_calls (
        spend_id TEXT NOT NULL PRIMARY KEY,
        request_id TEXT NOT NULL,
        time_ms BIGINT NOT NULL,
        identity TEXT NOT NULL,
        role TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        task TEXT NOT NULL,
        rule TEXT,
        status TEXT NOT NULL,
        error_class TEXT,
        finish TEXT,
        cost_nano_usd BIGINT NOT NULL,
        held_nano_usd BIGINT NOT NULL,
        input_tokens BIGINT NOT NULL,
        cached_input_tokens BIGINT NOT NULL,
        cache_write_tokens BIGINT NOT NULL,
        output_tokens BIGINT NOT NULL,
        reasoning_tokens BIGINT NOT NULL,
        latency_ms DOUBLE PRECISION NOT NULL,
        first_token_ms DOUBLE PRECISION
      )`,
      'CREATE INDEX model_calls_time ON model_calls (time_ms)',
    ],
  },
];
