import { declareErrors } from '../../base/index.ts';

export const journalErrors = declareErrors('journal', {
  no_checkpoint: {
    kind: 'not_found',
    title: 'No checkpoint yet',
    remedy: 'Wait for the first signed checkpoint; one is made when the server starts.',
  },
  checkpoint_invalid: {
    kind: 'invalid',
    title: 'Not a signed checkpoint',
    remedy: 'Give the whole answer of GET /journal/checkpoint, as `lakehouse journal checkpoint` prints it.',
  },
  unknown_cursor: {
    kind: 'invalid',
    title: 'Not a cursor of the journal',
    remedy: 'Pass the `next` of an earlier answer, or the id of an event.',
  },
  key_missing: {
    kind: 'internal',
    title: 'The checkpoint key is not in the home',
    remedy: 'Restore keys/checkpoint.ed25519 of the home from the backup that the store came from.',
  },
  damaged: {
    kind: 'internal',
    title: 'The journal does not end where its head says',
    remedy: 'Run `lakehouse journal verify` on the home to find the place, and restore a backup.',
  },
  behind_heads_file: {
    kind: 'internal',
    title: 'The journal lacks events that were signed',
    remedy:
      'Run `lakehouse journal verify`. If an older backup was restored on purpose, move the heads file away and keep it: ' +
      'it proves what the lost events were signed as.',
  },
});
