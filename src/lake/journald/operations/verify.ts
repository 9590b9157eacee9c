import { z } from 'zod';
import { nothingToJudge, readOperation } from '../../../govern/scope/index.ts';
import type { MetastoreReader } from '../../../metastore/index.ts';
import type { Checkpointer } from '../checkpointer.ts';
import { keptCheckpointSchema, readKeptCheckpoint } from '../kept-checkpoint.ts';
import { type VerifyReport, verifyJournal } from '../verify.ts';
import { journalRead } from './access.ts';

const problem = z.object({
  writer: z.string(),
  seq: z.int(),
  id: z.string().nullable(),
  place: z.enum(['event', 'head', 'checkpoint', 'heads_file']),
  problem: z.string(),
});

const output = z.object({
  valid: z.boolean(),
  events_checked: z.int(),
  checkpoints_checked: z.int(),
  heads_checked: z.int(),
  kept_checked: z.int().describe('1 where a checkpoint was given that is signed by a key of the journal.'),
  first_bad: problem.nullable(),
  problems: z.array(problem),
  unsigned_events: z.int(),
  pruned_events: z.int(),
  notes: z.array(z.string()).describe('What could not be looked at.'),
});

const input = z.strictObject({
  checkpoint: keptCheckpointSchema
    .optional()
    .describe('An earlier answer of GET /journal/checkpoint, which the journal must still agree with.'),
});

/** Verifies the whole journal of the running server. */
export function verifyOperation(parts: {
  readonly store: MetastoreReader;
  readonly headsFile: string;
  readonly checkpointer: Checkpointer;
}) {
  return readOperation<z.output<typeof input>, VerifyReport, null>({
    name: 'journal.verify',
    summary: 'Verify the journal',
    description:
      'Recomputes the hash chain over every event, compares columns with the hashed record, and checks every signed ' +
      'checkpoint in the store and in the heads file. Names the place of the first difference. An answer of the server ' +
      'about itself: `lakehouse journal verify --home` does the same without it.',
    input,
    output,
    access: journalRead(),
    truth: nothingToJudge('reads the record only'),
    async run(scope, { checkpoint }) {
      scope.requirePermission('journal.read');
      const kept = checkpoint === undefined ? null : readKeptCheckpoint(checkpoint);
      const report = await verifyJournal({
        reader: parts.store,
        headsFile: parts.headsFile,
        publicKeys: [kept?.publicKey ?? parts.checkpointer.key().publicKey],
        kept: kept?.checkpoint,
        signal: scope.signal,
      });
      return { kind: 'value', value: report };
    },
  });
}
