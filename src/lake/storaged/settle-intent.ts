import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject, Statement } from '../../base/index.ts';
import type { EventDraft } from '../../govern/scope/index.ts';
import { FileContent } from './file-content.ts';
import { parseObjectKey } from './object-key.ts';
import type { ObjectStore } from './object-store.ts';

/** What became of an effect whose outcome was not journaled: the statements and the event that close the intent. */
export interface SettledIntent {
  /** `superseded`: neither the temporary file nor this content is there, so another write or a refusal came after. */
  readonly outcome: 'performed' | 'not_performed' | 'superseded';
  readonly statements: readonly Statement[];
  readonly event: EventDraft;
}

const putData = z.object({
  bucket: z.string(),
  key: z.string(),
  upload_id: z.string(),
  sha256: z.string(),
  size_bytes: z.number(),
  content_type: z.string(),
});
const deleteData = z.object({ bucket: z.string(), key: z.string(), etag: z.string() });

/**
 * Looks at the disk to find out what a crash left of one intent of this room. Null where the intent is another room's.
 * Called at start, before anything is served and before temporary files are swept.
 */
export async function settleStorageIntent(
  store: ObjectStore,
  intent: EventDraft,
): Promise<SettledIntent | null> {
  if (intent.action === 'object.put') return settlePut(store, intent, putData.parse(intent.data));
  if (intent.action === 'object.deleted') return settleDelete(store, intent, deleteData.parse(intent.data));
  return null;
}

async function settlePut(
  store: ObjectStore,
  intent: EventDraft,
  data: z.infer<typeof putData>,
): Promise<SettledIntent> {
  const bucket = store.buckets.get(data.bucket);
  if (await bucket.hasTemporary(data.upload_id)) return settled(intent, 'not_performed', []);
  const key = parseObjectKey(data.key);
  const opened = await bucket.open(key);
  if (opened === null) return settled(intent, 'superseded', []);
  const hash = createHash('sha256');
  for await (const chunk of new FileContent(opened.file, { first: 0, last: opened.sizeBytes - 1 }))
    hash.update(chunk);
  if (hash.digest('hex') !== data.sha256) return settled(intent, 'superseded', []);
  // The request may have ended between the rename and the fsync of its folders.
  await bucket.syncNames(key);
  const record = store.records.remember({
    bucket: data.bucket,
    key: data.key,
    identity: opened.identity,
    sha256: data.sha256,
    sizeBytes: opened.sizeBytes,
    contentType: data.content_type,
    writtenMs: opened.modifiedMs,
  });
  return settled(intent, 'performed', [record]);
}

async function settleDelete(
  store: ObjectStore,
  intent: EventDraft,
  data: z.infer<typeof deleteData>,
): Promise<SettledIntent> {
  const key = parseObjectKey(data.key);
  const facts = await store.facts(data.bucket, key);
  if (facts === null) {
    await store.buckets.get(data.bucket).syncNames(key);
    return settled(intent, 'performed', [store.records.forget(data.bucket, data.key)]);
  }
  return settled(intent, facts.etag === data.etag ? 'not_performed' : 'superseded', []);
}

function settled(
  intent: EventDraft,
  outcome: SettledIntent['outcome'],
  statements: readonly Statement[],
): SettledIntent {
  const data: JsonObject = { ...intent.data, outcome };
  return { outcome, statements, event: { action: intent.action, subject: intent.subject, data } };
}
