import { z } from 'zod';
import { canonicalJson, isJsonObject, LakeError } from '../../base/index.ts';
import { parseHeadsLine, type SignedCheckpoint, signedText } from './checkpoint.ts';
import { publicKeyId } from './checkpoint-key.ts';
import { journalErrors } from './errors.ts';

/** What `GET /journal/checkpoint` answered once, as someone kept it elsewhere. */
export const keptCheckpointSchema = z.strictObject({
  signed_text: z.string().max(4_096),
  signature: z.string().max(256),
  public_key: z
    .string()
    .max(1_024)
    .describe('The only key that is trusted, and those its rotations vouch for.'),
});

/** A checkpoint that is not of the store, and the key that what the store says is held against. */
export interface KeptCheckpoint {
  readonly checkpoint: SignedCheckpoint;
  readonly publicKey: string;
}

/** Reads one that was kept; whether it is signed is for the verification. Throws `journal.checkpoint_invalid`. */
export function readKeptCheckpoint(kept: z.output<typeof keptCheckpointSchema>): KeptCheckpoint {
  const { signed_text: text, signature, public_key: publicKey } = kept;
  try {
    const value: unknown = JSON.parse(text);
    const checkpoint = isJsonObject(value) ? parseHeadsLine(canonicalJson({ ...value, signature })) : null;
    if (checkpoint === null || signedText(checkpoint) !== text) throw new Error('another text');
    publicKeyId(publicKey);
    return { checkpoint, publicKey };
  } catch (cause) {
    throw new LakeError(journalErrors.checkpoint_invalid, {
      detail: 'The checkpoint is not one that GET /journal/checkpoint answered, or its text was changed.',
      cause,
    });
  }
}
