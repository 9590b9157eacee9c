import type { AccessSecretRow } from '../../metastore/tables/access.ts';
import { type KeyFileName, readKeyFile, type VersionedSecret } from './key-files.ts';

/** What people call a secret of this room. */
export type SecretName = 'api-key' | 'delegation' | 'mask-hash';

/** The secrets in force: which version is, the store says; the bytes are in the home's key files. */
export interface AccessSecrets {
  readonly pepper: VersionedSecret;
  readonly delegation: VersionedSecret;
  readonly maskHash: VersionedSecret;
  readonly versions: Readonly<Record<SecretName, number>>;
}

export function secretFile(name: SecretName): KeyFileName {
  return name === 'mask-hash' ? 'mask-hash.key' : `${name}.hmac`;
}

/** Throws where a key file is missing, damaged, or without the version in force: nothing is decided without it. */
export function readSecrets(home: string, rows: readonly AccessSecretRow[]): AccessSecrets {
  const versionOf = (name: SecretName): number => {
    const row = rows.find((candidate) => candidate.name === secretFile(name));
    if (row === undefined) throw new Error(`no version of the secret ${name} is in force`);
    return row.version;
  };
  const versions = {
    'api-key': versionOf('api-key'),
    delegation: versionOf('delegation'),
    'mask-hash': versionOf('mask-hash'),
  };
  return {
    pepper: readKeyFile(home, 'api-key.hmac', versions['api-key']),
    delegation: readKeyFile(home, 'delegation.hmac', versions.delegation),
    maskHash: readKeyFile(home, 'mask-hash.key', versions['mask-hash']),
    versions,
  };
}
