import type { Clock, IdSource, Statement } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import type { AccessKeyRow } from '../../metastore/tables/access.ts';
import type { AttributeValue } from '../scope/index.ts';
import { hashApiKey, newApiKey, newKeyId } from './api-key.ts';
import type { VersionedSecret } from './key-files.ts';

/** What a new key stands for. */
export interface KeyRequest {
  readonly name: string;
  readonly role: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly expiresMs: number | null;
  /** The label of who makes it. */
  readonly createdBy: string;
}

/** A key that becomes valid when the statements are committed; `key` is shown once and stored nowhere. */
export interface NewKey {
  readonly keyId: string;
  readonly key: string;
  readonly row: AccessKeyRow;
  readonly statements: readonly Statement[];
}

/** Draws a new key and the statements that store its keyed hash. */
export function newKeyStatements(
  parts: {
    reader: MetastoreReader;
    pepper: VersionedSecret;
    clock: Clock;
    random: IdSource;
    environment: string;
  },
  request: KeyRequest,
): NewKey {
  const { environment, random } = parts;
  const key = newApiKey({ environment, keyId: newKeyId(random), random });
  const row: AccessKeyRow = {
    key_id: key.keyId,
    name: request.name,
    role: request.role,
    attributes_json: JSON.stringify(request.attributes),
    secret_hash: hashApiKey(key.text, parts.pepper.current.key),
    pepper_version: parts.pepper.current.version,
    previous_hash: null,
    previous_pepper_version: null,
    previous_until_ms: null,
    created_ms: parts.clock.nowMs(),
    created_by: request.createdBy,
    expires_ms: request.expiresMs,
    last_used_ms: null,
    revoked_ms: null,
    rotated_ms: null,
  };
  const insert = statement(parts.reader.queries.insertInto('access_keys').values(row));
  return { keyId: key.keyId, key: key.text, row, statements: [insert, keysChanged(parts.reader)] };
}

/** Belongs to every change of keys or delegations: tells the caches, in the same transaction, that they are stale. */
export function keysChanged(reader: MetastoreReader): Statement {
  return statement(
    reader.queries
      .updateTable('access_state')
      .set((row) => ({ keys_version: row('keys_version', '+', 1) }))
      .where('id', '=', 1),
    { rows: 1, refusal: 'access_state_missing' },
  );
}
