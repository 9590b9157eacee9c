import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import {
  mutationOperation,
  nothingToJudge,
  type PreparedMutation,
  type WriteScope,
} from '../../../govern/scope/index.ts';
import { parseExpectedContent, requireExpected } from '../checksums.ts';
import { type WrittenContent, writeContent } from '../content-writer.ts';
import { storageErrors } from '../errors.ts';
import type { ObjectKey } from '../object-key.ts';
import type { ObjectStore } from '../object-store.ts';
import { allowsWrite, type Preconditions, parseEntityTags } from '../preconditions.ts';
import { removeFile, temporaryIdentity } from '../temporary-file.ts';
import { etagMembers, objectDemand, objectMembers } from './object-input.ts';

const input = z.strictObject({
  ...objectMembers,
  ...etagMembers,
  content_type: z
    .string()
    .max(255)
    .regex(/^[\x20-\x7e]+$/)
    .optional()
    .describe('Media type, given back on reading.'),
  content_length: z.int().min(0).optional().describe('Size of the content; another size is refused.'),
  content_md5: z.string().max(64).optional().describe('Base64 MD5 of the content, verified.'),
  checksum_sha256: z
    .string()
    .max(128)
    .optional()
    .describe('SHA-256 of the content in hex or base64, verified.'),
});

const output = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  etag: z.string(),
  sha256: z.string(),
  size_bytes: z.int(),
  journal_event_id: z.string(),
});

/**
 * Stores an object: temporary file → fsync → [intent journaled] → rename → folder fsync → commit of record and event.
 * The old object or the new one is there at every moment, never a mixture.
 */
export function putObject(store: ObjectStore) {
  return mutationOperation<z.infer<typeof input>, z.infer<typeof output>, { key: ObjectKey }>({
    name: 'objects.put',
    summary: 'Store an object',
    description:
      'Writes the request’s bytes as one object, whole or not at all. `If-None-Match: *` refuses to replace; ' +
      '`If-Match` replaces only the object with that entity tag. Content-MD5, x-checksum-sha256, ' +
      'Content-Digest and Repr-Digest (sha-256, sha-512) are verified.',
    input,
    output,
    access: { kind: 'demands', resolve: async (_scope, given) => objectDemand(given, 'write') },
    truth: nothingToJudge('An object is bytes without rows or claims.'),
    async prepare(scope, given, { resolved, body, contentSha256 }) {
      scope.requireObject(given.bucket, resolved.key.text, 'write');
      const conditions = {
        ifMatch: parseEntityTags(given.if_match),
        ifNoneMatch: parseEntityTags(given.if_none_match),
      };
      const expected = parseExpectedContent(given);
      // Refused early where it already fails, so that nobody uploads gigabytes for nothing; judged again at the rename.
      await requireWritable(store, given.bucket, resolved.key, conditions);
      const uploadId = store.ids.next();
      const path = await store.buckets.get(given.bucket).temporaryPath(uploadId);
      const written = await writeContent(checked(scope, body), path, store.limits, {
        md5: expected.md5 !== null,
      });
      try {
        const content = { ...written, sha256: await contentSha256() };
        requireExpected(expected, content);
        const contentType = given.content_type ?? 'application/octet-stream';
        return await prepared({
          store,
          bucket: given.bucket,
          key: resolved.key,
          conditions,
          uploadId,
          content,
          contentType,
        });
      } catch (error) {
        await removeFile(path);
        throw error;
      }
    },
  });
}

interface Upload {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly key: ObjectKey;
  readonly conditions: Preconditions;
  readonly uploadId: string;
  readonly content: WrittenContent & { readonly sha256: string };
  readonly contentType: string;
}

async function prepared(upload: Upload): Promise<PreparedMutation<z.infer<typeof output>>> {
  const { store, bucket, key, content, contentType } = upload;
  const subject = `object:${bucket}/${key.text}`;
  const data = {
    bucket,
    key: key.text,
    sha256: content.sha256,
    size_bytes: content.sizeBytes,
    content_type: contentType,
  };
  const identity = await temporaryIdentity(content.path);
  let replaced = false;
  return {
    external: {
      intent: { action: 'object.put', subject, data: { ...data, upload_id: upload.uploadId } },
      async perform() {
        try {
          replaced = await store.locks.hold(`${bucket}/${key.text}`, async () => {
            const before = await requireWritable(store, bucket, key, upload.conditions);
            await store.buckets.get(bucket).place(content.path, key);
            return before;
          });
        } catch (error) {
          await removeFile(content.path);
          throw error;
        }
      },
    },
    async attempt() {
      return {
        statements: [
          store.records.remember({
            bucket,
            key: key.text,
            identity,
            sha256: content.sha256,
            sizeBytes: content.sizeBytes,
            contentType,
            writtenMs: store.clock.nowMs(),
          }),
        ],
        event: { action: 'object.put', subject, data },
        // Known once the file is in place, which is after this attempt was planned.
        get status() {
          return replaced ? 200 : 201;
        },
        headers: { etag: `"${content.sha256}"` },
        output: (eventId) => ({
          bucket,
          key: key.text,
          etag: `"${content.sha256}"`,
          sha256: content.sha256,
          size_bytes: content.sizeBytes,
          journal_event_id: eventId ?? '',
        }),
      };
    },
    discard: () => removeFile(content.path),
  };
}

/** Whether an object is there now; throws `storage.precondition_failed` where the conditions refuse the write. */
async function requireWritable(
  store: ObjectStore,
  bucket: string,
  key: ObjectKey,
  conditions: Preconditions,
): Promise<boolean> {
  const current = await store.facts(bucket, key);
  if (allowsWrite(conditions, current?.etag ?? null)) return current !== null;
  throw new LakeError(storageErrors.precondition_failed, {
    detail:
      current === null
        ? 'If-Match names an object that is not there.'
        : 'The object is there with another entity tag than the request asks for.',
    data: { etag: current?.etag ?? null },
  });
}

async function* checked(
  scope: WriteScope,
  body: AsyncIterable<Uint8Array> | null,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body ?? []) {
    scope.signal.throwIfAborted();
    yield chunk;
  }
  scope.signal.throwIfAborted();
}
