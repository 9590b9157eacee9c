import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** The secrets of this room in the home directory, one file each under `keys/`, readable by the owner alone. */
export const KEY_FILE_NAMES = ['api-key.hmac', 'delegation.hmac', 'mask-hash.key'] as const;
export type KeyFileName = (typeof KEY_FILE_NAMES)[number];

/** The versions of one secret; the greatest version is the one in use, older ones still verify what they made. */
export interface VersionedSecret {
  readonly current: { readonly version: number; readonly bytes: Uint8Array };
  /** Null for a version that the file no longer holds. */
  version(version: number): Uint8Array | null;
}

const SECRET_BYTES = 32;

/** Makes the key files that are missing; never touches one that is there. */
export function createKeyFiles(home: string, random: (sizeBytes: number) => Uint8Array): void {
  const folder = join(home, 'keys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of KEY_FILE_NAMES) {
    const line = `1 ${Buffer.from(random(SECRET_BYTES)).toString('hex')}\n`;
    writeNew(join(folder, name), line);
  }
  syncFolder(folder);
}

/**
 * Reads a key file: a line `<version> <hex>` for each version. To rotate, add a line with the next version and start
 * the server again. Throws where the file is missing or not of this form; the message holds nothing of it.
 */
export function readKeyFile(home: string, name: KeyFileName): VersionedSecret {
  const versions = new Map<number, Uint8Array>();
  for (const line of readFileSync(join(home, 'keys', name), 'utf8').split('\n')) {
    if (line.trim() === '') continue;
    const match = /^([1-9][0-9]{0,8}) ([0-9a-f]{64,128})$/.exec(line.trim());
    if (match === null) throw new Error(`keys/${name} holds a line that is not "<version> <hex>"`);
    versions.set(Number(match[1]), Buffer.from(match[2] ?? '', 'hex'));
  }
  const newest = Math.max(...versions.keys());
  const bytes = versions.get(newest);
  if (bytes === undefined) throw new Error(`keys/${name} holds no secret`);
  return { current: { version: newest, bytes }, version: (version) => versions.get(version) ?? null };
}

function writeNew(path: string, text: string): void {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(path, 0o600);
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
