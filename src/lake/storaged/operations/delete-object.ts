import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import { mutationOperation, nothingToJudge } from '../../../govern/scope/index.ts';
import { storageErrors } from '../errors.ts';
import type { ObjectKey } from '../object-key.ts';
import type { ObjectFacts } from '../object-records.ts';
import { type ObjectStore, objectNotFound } from '../object-store.ts';
import { allowsWrite, type EntityTags, parseEntityTags } from '../preconditions.ts';
import { objectDemand, objectMembers } from './object-input.ts';

const input = z.strictObject({
  ...objectMembers,
  if_match: z.string().max(8_192).optional().describe('Entity tags of which one must be the object’s.'),
});
const output = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  deleted: z.literal(true),
  journal_event_id: z.string(),
});

/** Removes an object: [intent journaled] → unlink → folder fsync → commit of the event. */
export function deleteObject(store: ObjectStore) {
  return mutationOperation<z.infer<typeof input>, z.infer<typeof output>, { key: ObjectKey }>({
    name: 'objects.delete',
    summary: 'Delete an object',
    description: 'Removes one object. Readers that already opened it read on to its end.',
    input,
    output,
    access: { kind: 'demands', resolve: async (_scope, given) => objectDemand(given, 'delete') },
    truth: nothingToJudge('Deleting an object makes no claim.'),
    async prepare(scope, given, { resolved: { key } }) {
      scope.requireObject(given.bucket, key.text, 'delete');
      const { bucket } = given;
      const ifMatch = parseEntityTags(given.if_match);
      const facts = await requireDeletable(store, bucket, key, ifMatch);
      const subject = `object:${bucket}/${key.text}`;
      const data = { bucket, key: key.text, etag: facts.etag, size_bytes: facts.sizeBytes };
      return {
        external: {
          intent: { action: 'object.deleted', subject, data },
          perform: () =>
            store.locks.hold(`${bucket}/${key.text}`, async () => {
              await requireDeletable(store, bucket, key, ifMatch);
              await store.buckets.get(bucket).remove(key);
            }),
        },
        async attempt() {
          return {
            statements: [store.records.forget(bucket, key.text)],
            event: { action: 'object.deleted', subject, data },
            output: (eventId) => ({ bucket, key: key.text, deleted: true, journal_event_id: eventId ?? '' }),
          };
        },
      };
    },
  });
}

async function requireDeletable(
  store: ObjectStore,
  bucket: string,
  key: ObjectKey,
  ifMatch: EntityTags | null,
): Promise<ObjectFacts> {
  const facts = await store.facts(bucket, key);
  if (facts === null) throw objectNotFound();
  if (allowsWrite({ ifMatch, ifNoneMatch: null }, facts.etag)) return facts;
  throw new LakeError(storageErrors.precondition_failed, {
    detail: 'The object has another entity tag than If-Match asks for.',
    data: { etag: facts.etag },
  });
}
