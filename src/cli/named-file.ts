import { once } from 'node:events';
import {
  closeSync,
  createWriteStream,
  fchmodSync,
  openSync,
  readFileSync,
  type WriteStream,
  writeFileSync,
} from 'node:fs';
import { type CliFailure, usageFailure } from './cli-failure.ts';

/** The text of a file that the caller named; `what` begins the refusal's sentence, for example `The baseline `. */
export function readNamed(file: string, what = ''): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageFailure(`${what}${JSON.stringify(file)} cannot be read (${reasonOf(error)}).`);
  }
}

const OWNER_ONLY = 0o600;

/** Writes a file that the caller named. */
export function writeNamed(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** Writes a secret to a file that the caller named: it is its owner's alone before the secret is in it. */
export function writePrivate(file: string, text: string): void {
  let handle: number | null = null;
  try {
    handle = openSync(file, 'w', OWNER_ONLY);
    fchmodSync(handle, OWNER_ONLY);
    writeFileSync(handle, text);
  } catch (error) {
    throw unwritable(file, error);
  } finally {
    if (handle !== null) closeSync(handle);
  }
}

/** A stream into a file that the caller named, opened already. */
export async function openNamed(file: string): Promise<WriteStream> {
  const stream = createWriteStream(file);
  try {
    await once(stream, 'open');
    return stream;
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): CliFailure {
  return usageFailure(`${JSON.stringify(file)} cannot be written (${reasonOf(error)}).`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no reason is known';
}
