import type { Migration } from '../migration.ts';

/** One API key: who it stands for and how to check it. The secret itself is nowhere. */
export interface AccessKeyRow {
  key_id: string;
  name: string;
  role: string;
  attributes_json: string;
  /** HMAC-SHA256 of the whole key under the pepper of `pepper_version`, hex. */
  secret_hash: string;
  pepper_version: number;
  /** The secret before the last rotation; works until `previous_until_ms`. */
  previous_hash: string | null;
  previous_pepper_version: number | null;
  previous_until_ms: number | null;
  created_ms: number;
  created_by: string;
  expires_ms: number | null;
  last_used_ms: number | null;
  revoked_ms: number | null;
  rotated_ms: number | null;
}

/** A person's leave for an agent to act for them. */
export interface AccessDelegationRow {
  delegation_id: string;
  person_key_id: string;
  agent_key_id: string;
  created_ms: number;
  expires_ms: number;
  revoked_ms: number | null;
}

/** A whole policy as it was applied; kept for ever, so that an old decision can be made again. */
export interface PolicyVersionRow {
  version: number;
  /** The policy, canonical JSON. */
  policy_json: string;
  /** Rule id → the time since which the rule has applied without a break; its names are bound as of then. */
  bound_since_json: string;
  applied_ms: number;
  applied_by: string;
}

/** Which version of a secret in the home's `keys/` is in force; the secret itself is in the file alone. */
export interface AccessSecretRow {
  /** The file's name: `api-key.hmac`. */
  name: string;
  version: number;
}

/** One row (`id` 1): counters that tell a cache whether it is out of date. */
export interface AccessStateRow {
  id: number;
  keys_version: number;
  policy_version: number;
}

/** Who asked for what, under which policy, and how it ended. */
export interface AuditTableRow {
  audit_id: string;
  request_id: string;
  time_ms: number;
  /** `agent` or `agent for person`. */
  identity: string;
  name: string;
  role: string;
  key_id: string | null;
  attributes_json: string;
  person_name: string | null;
  person_role: string | null;
  person_key_id: string | null;
  person_attributes_json: string | null;
  operation: string;
  door: string;
  decision: string;
  code: string | null;
  policy_version: number;
  datasets_json: string;
  /** The names of the datasets between spaces, ` candidates sales.orders `, for filtering. */
  dataset_names: string;
  truth_json: string | null;
  statement_sql: string | null;
  parameters_json: string | null;
  /** `open` until closed, then `ok`, `failed` or `cancelled`. */
  status: string;
  closing_code: string | null;
  row_count: number | null;
  latency_ms: number | null;
}

/** Tables of the room `access`. */
export interface AccessTables {
  access_keys: AccessKeyRow;
  access_delegations: AccessDelegationRow;
  access_secrets: AccessSecretRow;
  policy_versions: PolicyVersionRow;
  access_state: AccessStateRow;
  audit_rows: AuditTableRow;
}

export const accessMigrations: readonly Migration[] = [
  {
    name: '0001-access',
    statements: [
      `CREATE TABLE access_keys (
        key_id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        attributes_json TEXT NOT NULL,
        secret_hash TEXT NOT NULL,
        pepper_version INTEGER NOT NULL,
        previous_hash TEXT,
        previous_pepper_version INTEGER,
        previous_until_ms BIGINT,
        created_ms BIGINT NOT NULL,
        created_by TEXT NOT NULL,
        expires_ms BIGINT,
        last_used_ms BIGINT,
        revoked_ms BIGINT,
        rotated_ms BIGINT
      )`,
      'CREATE INDEX access_keys_name ON access_keys (name)',
      `CREATE TABLE access_delegations (
        delegation_id TEXT NOT NULL PRIMARY KEY,
        person_key_id TEXT NOT NULL,
        agent_key_id TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        expires_ms BIGINT NOT NULL,
        revoked_ms BIGINT
      )`,
      'CREATE INDEX access_delegations_expires ON access_delegations (expires_ms)',
      `CREATE TABLE policy_versions (
        version INTEGER NOT NULL PRIMARY KEY,
        policy_json TEXT NOT NULL,
        bound_since_json TEXT NOT NULL,
        applied_ms BIGINT NOT NULL,
        applied_by TEXT NOT NULL
      )`,
      `CREATE TABLE access_state (
        id INTEGER NOT NULL PRIMARY KEY,
        keys_version BIGINT NOT NULL,
        policy_version BIGINT NOT NULL
      )`,
      'INSERT INTO access_state (id, keys_version, policy_version) VALUES (1, 0, 0)',
      `CREATE TABLE audit_rows (
        audit_id TEXT NOT NULL PRIMARY KEY,
        request_id TEXT NOT NULL,
        time_ms BIGINT NOT NULL,
        identity TEXT NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        key_id TEXT,
        attributes_json TEXT NOT NULL,
        person_name TEXT,
        person_role TEXT,
        person_key_id TEXT,
        person_attributes_json TEXT,
        operation TEXT NOT NULL,
        door TEXT NOT NULL,
        decision TEXT NOT NULL,
        code TEXT,
        policy_version BIGINT NOT NULL,
        datasets_json TEXT NOT NULL,
        dataset_names TEXT NOT NULL,
        truth_json TEXT,
        statement_sql TEXT,
        parameters_json TEXT,
        status TEXT NOT NULL,
        closing_code TEXT,
        row_count BIGINT,
        latency_ms DOUBLE PRECISION
      )`,
      'CREATE INDEX audit_rows_time ON audit_rows (time_ms)',
      'CREATE INDEX audit_rows_identity ON audit_rows (identity, time_ms)',
    ],
  },
  {
    name: '0002-access-secrets',
    statements: [
      'CREATE TABLE access_secrets (name TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL)',
      "INSERT INTO access_secrets (name, version) VALUES ('api-key.hmac', 1)",
      "INSERT INTO access_secrets (name, version) VALUES ('delegation.hmac', 1)",
      "INSERT INTO access_secrets (name, version) VALUES ('mask-hash.key', 1)",
    ],
  },
];
