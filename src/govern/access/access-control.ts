import type { Statement } from '../../base/index.ts';
import type { Authorisation, DatasetAction, DatasetFacts, Demand, Identity } from '../scope/index.ts';

/** What came with a request, unread. */
export interface Credentials {
  /** From `X-API-Key` or `Authorization: Bearer`. */
  readonly apiKey: string | null;
  /** From `X-On-Behalf-Of`. */
  readonly delegationToken: string | null;
}

/** The door's view of access: who is calling, what they may do, and the audit row of each request. */
export interface AccessControl {
  /** Throws `access.unauthenticated`, one same answer for every failure. */
  identify(credentials: Credentials): Promise<Identity>;
  /** Deny by default. Synchronous on the loaded policy, so that one request sees one policy. */
  authorise(identity: Identity, demand: Demand): DemandAnswer;
  authoriseDataset(identity: Identity, facts: DatasetFacts, action: DatasetAction): Authorisation;
  mayUseModel(identity: Identity, model: string): boolean;
  mayUseTool(identity: Identity, roles: readonly string[]): boolean;
  /** Tag patterns that the policy masks for the identity in some dataset. */
  maskedTags(identity: Identity): readonly string[];
  /** The version of the loaded policy; rises by one with each change. */
  policyVersion(): number;
  /** Calls back once when the key (or either key of a delegation) is revoked or expires; returns the unsubscribe. */
  onRevoked(identity: Identity, callback: () => void): () => void;
  /** The statement that opens an audit row: durable before a byte of data is read. */
  auditOpened(row: AuditOpening): Statement;
  /** The statement that closes it: durable before the answer's last byte. Guard `audit_row_missing`. */
  auditClosed(row: AuditClosing): Statement;
  /** Closes a row that may be open; changes nothing where there is none, or it was closed. */
  auditClosedIfOpen(row: AuditClosing): Statement;
}

export type DemandAnswer =
  | { readonly allowed: true; readonly authorisation: Authorisation | null }
  | {
      readonly allowed: false;
      readonly reason: string;
      readonly discoverable: boolean;
      readonly owner: string | null;
      /** The grant is there, and a mask or row filter is against it: no further grant would help. */
      readonly granted: boolean;
    };

/** `opened` while a read runs, `denied` where access or truth refused. */
export interface AuditOpening {
  readonly auditId: string;
  readonly requestId: string;
  readonly timeMs: number;
  readonly identity: Identity;
  readonly operation: string;
  /** `http`, `mcp`, `cli`, `internal`. */
  readonly door: string;
  readonly decision: 'allowed' | 'denied' | 'blocked';
  /** The refusal's error code; null where allowed. */
  readonly code: string | null;
  readonly policyVersion: number;
  readonly datasets: readonly {
    readonly datasetId: string;
    readonly name: string;
    readonly action: string;
    readonly snapshotId: string | null;
    readonly fieldIds: readonly number[] | null;
    readonly maskedFieldIds: readonly number[];
    readonly filtered: boolean;
  }[];
  /** What truth said before: rule names and actions, or null where the operation declares none. */
  readonly truth: readonly { readonly rule: string; readonly action: string }[] | null;
  /** The query text and parameters for re-evaluation, where the operation has them; readable by auditors only. */
  readonly statement: { readonly sql: string; readonly parametersJson: string } | null;
}

export interface AuditClosing {
  readonly auditId: string;
  readonly status: 'ok' | 'failed' | 'cancelled';
  /** The error's code; null for ok. */
  readonly code: string | null;
  readonly rowCount: number | null;
  readonly latencyMs: number;
  /** What truth said before and after; null where the operation declares no rules. */
  readonly truth: AuditOpening['truth'];
}
