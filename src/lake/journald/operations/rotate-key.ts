import { z } from 'zod';
import { mutationOperation, nothingToJudge, permissionRule } from '../../../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../../../metastore/index.ts';
import type { CheckpointKeyFiles } from '../checkpoint-key.ts';
import type { Checkpointer } from '../checkpointer.ts';
import { KEY_ROTATED, rotationData } from '../key-trust.ts';

const output = z.object({
  key_id: z.string(),
  public_key: z.string().describe('SPKI PEM.'),
  previous_key_id: z.string(),
  journal_event_id: z.string().nullable(),
});

type RotateOutput = z.infer<typeof output>;

/** Replaces the key that signs checkpoints. The commit decides; the key files follow it, also after a crash. */
export function rotateKeyOperation(parts: {
  readonly store: MetastoreReader;
  readonly writer: string;
  readonly keys: CheckpointKeyFiles;
  readonly checkpointer: Checkpointer;
}) {
  const { store, writer, keys, checkpointer } = parts;
  return mutationOperation<Record<string, never>, RotateOutput, null>({
    name: 'journal.rotate_key',
    summary: 'Rotate the checkpoint key',
    description:
      'Makes a new Ed25519 key for checkpoints and destroys the old one’s private half. The chain records both public ' +
      'keys, each signed by the other, so that earlier checkpoints still verify from the new key.',
    input: z.strictObject({}),
    output,
    access: permissionRule('system.admin'),
    truth: nothingToJudge('no data is touched'),
    async prepare(scope) {
      scope.requirePermission('system.admin');
      const made = keys.createCandidate();
      return {
        discard: async () => keys.removeCandidate(made.keyId),
        async attempt() {
          const old = checkpointer.key();
          const putInForce = store.queries
            .updateTable('journal_heads')
            .set({ checkpoint_key_id: made.keyId })
            .where('writer', '=', writer)
            .where('checkpoint_key_id', '=', old.keyId);
          return {
            statements: [statement(putInForce, { rows: 1, refusal: 'checkpoint_key_rotated' })],
            event: { action: KEY_ROTATED, subject: `journal:${writer}`, data: rotationData(old, made) },
            output: (eventId) => ({
              key_id: made.keyId,
              public_key: made.publicKey,
              previous_key_id: old.keyId,
              journal_event_id: eventId,
            }),
            status: 201,
            afterCommit: async () => {
              await checkpointer.adoptKey();
              await checkpointer.sign();
            },
          };
        },
      };
    },
  });
}
