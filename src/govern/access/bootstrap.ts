import type { Clock, IdSource, Statement } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { EventDraft } from '../scope/index.ts';
import { createKeyFiles, readKeyFile } from './key-files.ts';
import { newKeyStatements } from './key-statements.ts';
import { ADMIN_ROLE } from './policy-document.ts';

/** A key that works once the statements are committed together with the event. */
export interface AdminKey {
  readonly keyId: string;
  /** Shown once. */
  readonly key: string;
  readonly statements: readonly Statement[];
  readonly event: EventDraft;
}

interface AdminKeyParts {
  readonly home: string;
  readonly config: Config;
  readonly reader: MetastoreReader;
  readonly clock: Clock;
  readonly random: IdSource;
}

/** For `lakehouse init`: makes the secrets of this room that the home lacks, and the first administrator's key. */
export function bootstrap(parts: AdminKeyParts): AdminKey {
  createKeyFiles(parts.home, parts.random);
  return adminKey(parts, { name: 'admin', action: 'key.created', createdBy: 'init' });
}

/** For `lakehouse keys recover`: another administrator's key, for whoever owns the home directory. */
export function recoverAdminKey(parts: AdminKeyParts): AdminKey {
  return adminKey(parts, { name: 'admin', action: 'key.recovered', createdBy: 'recover' });
}

function adminKey(
  parts: AdminKeyParts,
  request: { name: string; action: string; createdBy: string },
): AdminKey {
  const pepper = readKeyFile(parts.home, 'api-key.hmac');
  const { name, action, createdBy } = request;
  const made = newKeyStatements(
    { ...parts, pepper, environment: parts.config.auth.environment },
    { name, role: ADMIN_ROLE, attributes: {}, expiresMs: null, createdBy },
  );
  return {
    keyId: made.keyId,
    key: made.key,
    statements: made.statements,
    event: { action, subject: `key:${made.keyId}`, data: { name, role: ADMIN_ROLE } },
  };
}
