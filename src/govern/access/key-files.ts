import { createSecretKey, type KeyObject } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { LakeError } from '../../base/index.ts';
import { accessErrors } from './errors.ts';

/** The secrets of this room in the home directory, one file each under `keys/`, readable by the owner alone. */
export const KEY_FILE_NAMES = ['api-key.hmac', 'delegation.hmac', 'mask-hash.key'] as const;
export type KeyFileName = (typeof KEY_FILE_NAMES)[number];

/** The versions of one secret: one in force, and others that still verify what they made. */
export interface VersionedSecret {
  readonly current: { readonly version: number; readonly key: KeyObject };
  /** Null for a version that the file does not hold. */
  version(version: number): KeyObject | null;
}

const SECRET_BYTES = 32;

/** Makes the key files that are missing; never touches one that is there. */
export function createKeyFiles(home: string, random: (sizeBytes: number) => Uint8Array): void {
  const folder = join(home, 'keys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of KEY_FILE_NAMES) {
    const written = writeAside(folder, name, keyLine(1, random));
    try {
      // A link never replaces what is there, and is there whole or not at all.
      linkSync(written, join(folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(written, { force: true });
    }
  }
  syncFolder(folder);
}

/**
 * Reads a key file: a line `<version> <hex>` for each version, of which `inForce` (the newest where absent) is the
 * current one. Throws `access.key_file_unusable` where the file is missing, not of this form, or without that version; the message holds nothing
 * of it.
 */
export function readKeyFile(home: string, name: KeyFileName, inForce?: number): VersionedSecret {
  const versions = parseKeyFile(join(home, 'keys', name), name);
  const version = inForce ?? Math.max(...versions.keys());
  const key = versions.get(version);
  if (key === undefined) throw unusable(name, 'does not hold the version in force');
  return { current: { version, key }, version: (wanted) => versions.get(wanted) ?? null };
}

/** Adds a fresh version to a key file, durably, and returns its number; it is in force once the store says so. */
export function addKeyVersion(
  home: string,
  name: KeyFileName,
  random: (sizeBytes: number) => Uint8Array,
): number {
  const folder = join(home, 'keys');
  const path = join(folder, name);
  const version = Math.max(...parseKeyFile(path, name).keys()) + 1;
  const text = readFileSync(path, 'utf8');
  const separator = text.endsWith('\n') ? '' : '\n';
  renameSync(writeAside(folder, name, text + separator + keyLine(version, random)), path);
  syncFolder(folder);
  return version;
}

/** Keys are made once: from bytes, each HMAC would spend six times its own work on making one. */
function parseKeyFile(path: string, name: KeyFileName): ReadonlyMap<number, KeyObject> {
  const versions = new Map<number, KeyObject>();
  for (const line of textOf(path, name).split('\n')) {
    if (line.trim() === '') continue;
    const match = /^([1-9][0-9]{0,8}) ([0-9a-f]{64,128})$/.exec(line.trim());
    if (match === null) throw unusable(name, 'holds a line that is not "<version> <hex>"');
    versions.set(Number(match[1]), createSecretKey(match[2] ?? '', 'hex'));
  }
  if (versions.size === 0) throw unusable(name, 'holds no secret');
  return versions;
}

function textOf(path: string, name: KeyFileName): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unusable(name, 'is missing or may not be read', cause);
  }
}

/** Says which file and what is wrong, and nothing of what it holds. */
function unusable(name: KeyFileName, problem: string, cause?: unknown): LakeError {
  return new LakeError(accessErrors.key_file_unusable, {
    detail: `keys/${name} ${problem}. Restore it from the backup that the store of this home came from.`,
    cause,
  });
}

function keyLine(version: number, random: (sizeBytes: number) => Uint8Array): string {
  return `${version} ${Buffer.from(random(SECRET_BYTES)).toString('hex')}\n`;
}

/** Writes a new file beside the one meant, whole and durable, and returns its path. */
function writeAside(folder: string, name: string, text: string): string {
  const path = join(folder, `.${name}.new`);
  rmSync(path, { force: true });
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return path;
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
