import { z } from 'zod';
import { nothingToJudge, type ReadAnswer, readOperation } from '../../../govern/scope/index.ts';
import { parsePrefix } from '../object-key.ts';
import { listObjects } from '../object-listing.ts';
import type { ObjectStore } from '../object-store.ts';
import { readPageToken, writePageToken } from '../page-token.ts';

const input = z.strictObject({
  bucket: z.string().min(1).max(63).describe('Name of the bucket.'),
  prefix: z.string().max(2_048).default('').describe('Only keys that begin with this.'),
  delimiter: z.literal('/').optional().describe('Gather keys up to the next "/" after the prefix.'),
  limit: z.int().min(1).max(1_000).default(1_000).describe('Objects and common prefixes of one page.'),
  page_token: z.string().max(4_096).optional().describe('next_page_token of the page before.'),
});

const output = z.strictObject({
  bucket: z.string(),
  prefix: z.string(),
  objects: z.array(
    z.strictObject({
      key: z.string(),
      size_bytes: z.int(),
      etag: z.string(),
      sha256: z.string().nullable(),
      content_type: z.string(),
      last_modified: z.string(),
    }),
  ),
  common_prefixes: z.array(z.string()),
  next_page_token: z.string().nullable(),
});

/** Lists keys in the order of their UTF-8 bytes, page by page. */
export function listObjectsOperation(store: ObjectStore) {
  return readOperation<z.infer<typeof input>, z.infer<typeof output>, null>({
    name: 'objects.list',
    summary: 'List objects',
    description:
      'Lists the objects whose key begins with a prefix, in byte order. With `delimiter=/`, deeper keys are gathered ' +
      'into `common_prefixes`.',
    input,
    output,
    access: {
      kind: 'demands',
      async resolve(_scope, given) {
        parsePrefix(given.prefix);
        return {
          demands: [{ kind: 'bucket', bucket: given.bucket, action: 'list', key: given.prefix }],
          resolved: null,
        };
      },
    },
    truth: nothingToJudge('A listing makes no claim.'),
    async run(scope, given): Promise<ReadAnswer<z.infer<typeof output>>> {
      scope.requireObject(given.bucket, given.prefix, 'list');
      const bucket = store.buckets.get(given.bucket);
      const { entries, next } = await listObjects(bucket, {
        prefix: given.prefix,
        byFolder: given.delimiter !== undefined,
        after: readPageToken(given.page_token),
        limit: given.limit,
      });
      const files = entries.flatMap((entry) => (entry.kind === 'object' ? [entry] : []));
      const objects = await store.records.describe(given.bucket, files);
      return {
        kind: 'value',
        value: {
          bucket: given.bucket,
          prefix: given.prefix,
          objects: objects.map((facts) => ({
            key: facts.key,
            size_bytes: facts.sizeBytes,
            etag: facts.etag,
            sha256: facts.sha256,
            content_type: facts.contentType,
            last_modified: new Date(facts.modifiedMs).toISOString(),
          })),
          common_prefixes: entries.flatMap((entry) => (entry.kind === 'prefix' ? [entry.prefix] : [])),
          next_page_token: next === null ? null : writePageToken(next),
        },
      };
    },
  });
}
