import { join, resolve } from 'node:path';
import { LakeError } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import { openMetastoreReadOnly } from '../../metastore/index.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import { checkpointKeyFiles } from './checkpoint-key.ts';
import { journalErrors } from './errors.ts';
import { type VerifyReport, verifyJournal } from './verify.ts';

/** Verifies the journal of a home without its server; one may run meanwhile. */
export async function verifyOffline(parts: {
  readonly home: string;
  /** The store's file. */
  readonly storeFile: string;
  readonly config: Pick<Config, 'journal' | 'metastore'>;
  /** Kept outside the home, as is the SPKI PEM that came with it; without one the home's own key is trusted. */
  readonly checkpoint?: SignedCheckpoint | undefined;
  readonly publicKey?: string | undefined;
}): Promise<VerifyReport> {
  const { home, config } = parts;
  const publicKey = parts.publicKey ?? checkpointKeyFiles(home).current()?.publicKey;
  if (publicKey === undefined) {
    throw new LakeError(journalErrors.key_missing, {
      detail: `The home has no ${join('keys', 'checkpoint.ed25519')}; give the public key to verify against.`,
    });
  }
  const reader = await openMetastoreReadOnly({ file: parts.storeFile, config: config.metastore });
  try {
    const headsFile = resolve(home, config.journal.heads_file);
    return await verifyJournal({ reader, headsFile, publicKeys: [publicKey], kept: parts.checkpoint });
  } finally {
    await reader.close();
  }
}
