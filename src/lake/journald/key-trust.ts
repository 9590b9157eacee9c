import type { JsonObject } from '../../base/index.ts';
import { isJsonObject } from '../../base/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { CheckpointKey } from './checkpoint-key.ts';
import { isSignedBy, publicKeyId } from './checkpoint-key.ts';
import { readUndamaged } from './read-undamaged.ts';

/** The action of the event that records a rotation of the checkpoint key. */
export const KEY_ROTATED = 'journal.key_rotated';

/** What a rotation's event says: both public keys, each vouched for by the other. */
export function rotationData(old: CheckpointKey, made: CheckpointKey): JsonObject {
  return {
    old_key_id: old.keyId,
    old_public_key: old.publicKey,
    new_key_id: made.keyId,
    new_public_key: made.publicKey,
    signed_by_old: old.sign(endorsement(made.publicKey)),
    signed_by_new: made.sign(endorsement(old.publicKey)),
  };
}

/** Which key may have signed the checkpoint of a place in the chain. */
export interface KeyTrust {
  /** True where the text is signed by the key of this id, it is trusted, and it was in force at `seq`. */
  isSigned(text: string, signature: string, at: { keyId: string; seq: number }): boolean;
  /** True where any trusted key signed it. */
  isSignedByAny(text: string, signature: string): boolean;
  /** The id of the key that signs checkpoints of `seq`; null where the chain records no rotation. */
  keyInForce(seq: number): string | null;
}

/**
 * Trust starts from the given public keys and follows rotations in both directions: a key is trusted when a trusted
 * one signed it. A rotation at event n puts the new key in force for every checkpoint that covers n.
 */
export async function readKeyTrust(
  reader: MetastoreReader,
  writer: string,
  publicKeys: readonly string[],
): Promise<KeyTrust> {
  const rotations = await readRotations(reader, writer);
  const trusted = new Map(publicKeys.map((publicKey) => [publicKeyId(publicKey), publicKey]));
  for (let grew = true; grew; ) {
    grew = rotations.map((rotation) => extendTrust(trusted, rotation)).some(Boolean);
  }
  const keyInForce = (seq: number): string | null => {
    const last = rotations.findLast((rotation) => rotation.seq <= seq);
    return last?.newKeyId ?? rotations[0]?.oldKeyId ?? null;
  };
  return {
    keyInForce,
    isSigned(text, signature, { keyId, seq }) {
      const publicKey = trusted.get(keyId);
      const inForce = keyInForce(seq);
      if (publicKey === undefined || (inForce !== null && inForce !== keyId)) return false;
      return isSignedBy(publicKey, text, signature);
    },
    isSignedByAny: (text, signature) =>
      [...trusted.values()].some((publicKey) => isSignedBy(publicKey, text, signature)),
  };
}

interface Rotation {
  readonly seq: number;
  readonly oldKeyId: string;
  readonly newKeyId: string;
  readonly oldPublicKey: string;
  readonly newPublicKey: string;
  readonly signedByOld: string;
  readonly signedByNew: string;
}

async function readRotations(reader: MetastoreReader, writer: string): Promise<Rotation[]> {
  const rows = await readUndamaged(
    reader,
    reader.queries
      .selectFrom('journal_events')
      .select(['seq', 'record'])
      .where('action', '=', KEY_ROTATED)
      .where('writer', '=', writer)
      .orderBy('seq'),
  );
  // A rotation that cannot be read is named by the walk along the chain.
  return (rows ?? []).flatMap(({ seq, record }) => rotationOf(seq, record) ?? []);
}

/** Null where the record was damaged: the walk along the chain names it. */
function rotationOf(seq: number, record: string): Rotation | null {
  let data: unknown;
  try {
    data = (JSON.parse(record) as JsonObject).data;
  } catch {
    return null;
  }
  if (!isJsonObject(data)) return null;
  const text = (name: string) => (typeof data[name] === 'string' ? data[name] : '');
  return {
    seq,
    oldKeyId: text('old_key_id'),
    newKeyId: text('new_key_id'),
    oldPublicKey: text('old_public_key'),
    newPublicKey: text('new_public_key'),
    signedByOld: text('signed_by_old'),
    signedByNew: text('signed_by_new'),
  };
}

/** True where the rotation made one more key trusted. */
function extendTrust(trusted: Map<string, string>, rotation: Rotation): boolean {
  const forward = trusted.get(rotation.oldKeyId);
  if (forward !== undefined && !trusted.has(rotation.newKeyId)) {
    return trust(trusted, rotation.newKeyId, rotation.newPublicKey, {
      by: forward,
      signature: rotation.signedByOld,
    });
  }
  const backward = trusted.get(rotation.newKeyId);
  if (backward !== undefined && !trusted.has(rotation.oldKeyId)) {
    return trust(trusted, rotation.oldKeyId, rotation.oldPublicKey, {
      by: backward,
      signature: rotation.signedByNew,
    });
  }
  return false;
}

function trust(
  trusted: Map<string, string>,
  keyId: string,
  publicKey: string,
  voucher: { readonly by: string; readonly signature: string },
): boolean {
  if (!isSignedBy(voucher.by, endorsement(publicKey), voucher.signature)) return false;
  if (publicKeyId(publicKey) !== keyId) return false;
  trusted.set(keyId, publicKey);
  return true;
}

/** Begins unlike any checkpoint's text, so that neither signature passes for the other. */
function endorsement(publicKey: string): string {
  return `lakehouse journal checkpoint key v1\n${publicKey}`;
}
