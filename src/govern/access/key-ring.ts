import { LakeError } from '../../base/index.ts';
import type { AccessDelegationRow, AccessKeyRow } from '../../metastore/tables/access.ts';
import type { AttributeValue } from '../scope/index.ts';
import { type ApiKey, hashApiKey, sameHash } from './api-key.ts';
import { accessErrors } from './errors.ts';
import type { VersionedSecret } from './key-files.ts';

/** A key as identify needs it. */
export interface KeyRecord {
  readonly row: AccessKeyRow;
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

/** What a presented key proved. */
export interface VerifiedKey {
  readonly record: KeyRecord;
  /** When this proof ends: the key's expiry, or for a rotated secret the end of its overlap; null for never. */
  readonly validUntilMs: number | null;
}

const NO_HASH = '0'.repeat(64);

/** All keys and live delegations, as last read from the store. Replaced whole, never changed. */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, KeyRecord>;
  readonly #delegations: ReadonlyMap<string, AccessDelegationRow>;

  constructor(keys: readonly AccessKeyRow[], delegations: readonly AccessDelegationRow[]) {
    this.#keys = new Map(keys.map((row) => [row.key_id, { row, attributes: readAttributes(row) }]));
    this.#delegations = new Map(delegations.map((row) => [row.delegation_id, row]));
  }

  get records(): Iterable<KeyRecord> {
    return this.#keys.values();
  }

  find(keyId: string): KeyRecord | null {
    return this.#keys.get(keyId) ?? null;
  }

  /** The key where it is neither revoked nor expired. */
  live(keyId: string, nowMs: number): KeyRecord | null {
    const record = this.find(keyId);
    return record !== null && isLive(record.row, nowMs) ? record : null;
  }

  delegation(delegationId: string): AccessDelegationRow | null {
    return this.#delegations.get(delegationId) ?? null;
  }

  get delegations(): Iterable<AccessDelegationRow> {
    return this.#delegations.values();
  }

  /**
   * Proves a presented key. Known or not, live or not, two digests are computed and two comparisons made, so that the
   * time taken says nothing; the state of the key is looked at after that.
   */
  verify(key: ApiKey, pepper: VersionedSecret, nowMs: number): VerifiedKey | null {
    const record = this.find(key.keyId);
    const current = matches(key, pepper, record?.row.secret_hash, record?.row.pepper_version);
    const previous = matches(key, pepper, record?.row.previous_hash, record?.row.previous_pepper_version);
    if (record === null || !isLive(record.row, nowMs)) return null;
    const expiresMs = record.row.expires_ms;
    if (current) return { record, validUntilMs: expiresMs };
    const overlapMs = record.row.previous_until_ms;
    if (!previous || overlapMs === null || overlapMs <= nowMs) return null;
    return { record, validUntilMs: expiresMs === null ? overlapMs : Math.min(expiresMs, overlapMs) };
  }
}

function matches(
  key: ApiKey,
  pepper: VersionedSecret,
  stored: string | null | undefined,
  version: number | null | undefined,
): boolean {
  const known = pepper.version(version ?? pepper.current.version);
  const given = hashApiKey(key.text, known ?? pepper.current.key);
  const same = sameHash(given, stored ?? NO_HASH);
  return same && known !== null && stored !== null && stored !== undefined;
}

function isLive(row: AccessKeyRow, nowMs: number): boolean {
  return row.revoked_ms === null && (row.expires_ms === null || row.expires_ms > nowMs);
}

function readAttributes(row: AccessKeyRow): ReadonlyMap<string, AttributeValue> {
  const entries = Object.entries(JSON.parse(row.attributes_json) as Record<string, AttributeValue>);
  if (entries.every(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))) {
    return new Map(entries);
  }
  throw new LakeError(accessErrors.unavailable, {
    detail: 'The stored attributes of a key are not readable.',
  });
}
