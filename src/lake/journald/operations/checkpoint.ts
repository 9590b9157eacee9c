import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import { nothingToJudge, readOperation } from '../../../govern/scope/index.ts';
import type { MetastoreReader } from '../../../metastore/index.ts';
import { signedText } from '../checkpoint.ts';
import { type Checkpointer, latestCheckpoint } from '../checkpointer.ts';
import { journalErrors } from '../errors.ts';
import { journalRead } from './access.ts';

const output = z.object({
  writer: z.string(),
  number: z.int(),
  seq: z.int().describe('Events it covers.'),
  hash: z.string().describe('Hash of the last event it covers.'),
  time: z.string(),
  key_id: z.string(),
  signed_text: z.string().describe('The exact text that is signed (UTF-8).'),
  signature: z.string().describe('Ed25519, base64.'),
  public_key: z.string().describe('The key in force, SPKI PEM.'),
  public_key_id: z.string(),
});

/** The latest signed checkpoint: worth keeping elsewhere, since a later verification can be held against it. */
export function checkpointOperation(parts: {
  readonly store: MetastoreReader;
  readonly writer: string;
  readonly checkpointer: Checkpointer;
}) {
  return readOperation<Record<string, never>, z.infer<typeof output>, null>({
    name: 'journal.checkpoint',
    summary: 'Show the latest signed checkpoint',
    description:
      'A signed statement of how many events there are and of the last one’s hash. Keep it outside the server: events ' +
      'it covers cannot be changed or removed later without the difference being found.',
    input: z.strictObject({}),
    output,
    access: journalRead(),
    truth: nothingToJudge('a signature only'),
    async run(scope) {
      scope.requirePermission('journal.read');
      const checkpoint = await latestCheckpoint(parts.store, parts.writer);
      if (checkpoint === null) {
        throw new LakeError(journalErrors.no_checkpoint, {
          detail: 'The journal has no signed checkpoint yet.',
        });
      }
      const { writer, number, seq, hash, time_ms: timeMs, key_id, signature } = checkpoint;
      const { keyId, publicKey } = parts.checkpointer.key();
      const value = {
        writer,
        number,
        seq,
        hash,
        time: new Date(timeMs).toISOString(),
        key_id,
        signed_text: signedText(checkpoint),
        signature,
        public_key: publicKey,
        public_key_id: keyId,
      };
      return { kind: 'value', value };
    },
  });
}
