import type { JsonObject } from '../../base/index.ts';
import { canonicalJson, isJsonObject, sha256Hex } from '../../base/index.ts';

/** A signed statement of where one writer's chain stood. */
export interface Checkpoint {
  readonly writer: string;
  /** Counts from 1 without a gap. */
  readonly number: number;
  /** Sequence number and hash of the last event covered; 0 and the genesis hash before the first. */
  readonly seq: number;
  readonly hash: string;
  readonly time_ms: number;
  /** SHA-256 of the signed text of the checkpoint before it; the genesis hash for the first. */
  readonly previous: string;
  readonly key_id: string;
}

export interface SignedCheckpoint extends Checkpoint {
  /** Ed25519 over the signed text, in base64. */
  readonly signature: string;
}

/** The text that is signed: the canonical JSON of the checkpoint's members. */
export function signedText(checkpoint: Checkpoint): string {
  const { writer, number, seq, hash, time_ms, previous, key_id } = checkpoint;
  return canonicalJson({ version: 1, writer, number, seq, hash, time_ms, previous, key_id });
}

/** What the next checkpoint names as `previous`. */
export function checkpointDigest(checkpoint: Checkpoint): string {
  return sha256Hex(signedText(checkpoint));
}

/** One line of the heads file, without its end. */
export function headsLine(checkpoint: SignedCheckpoint): string {
  const { signature } = checkpoint;
  return canonicalJson({ ...(JSON.parse(signedText(checkpoint)) as JsonObject), signature });
}

/** The checkpoint of a line, or null where the line is not exactly one that `headsLine` writes. */
export function parseHeadsLine(line: string): SignedCheckpoint | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isJsonObject(value)) return null;
  const text = (name: keyof SignedCheckpoint) => String(value[name]);
  const count = (name: keyof SignedCheckpoint) => Number(value[name]);
  const checkpoint = {
    writer: text('writer'),
    number: count('number'),
    seq: count('seq'),
    hash: text('hash'),
    time_ms: count('time_ms'),
    previous: text('previous'),
    key_id: text('key_id'),
    signature: text('signature'),
  };
  return headsLine(checkpoint) === line ? checkpoint : null;
}
