import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import { nothingToJudge, type ReadAnswer, readOperation } from '../../../govern/scope/index.ts';
import { parseByteRange } from '../byte-range.ts';
import { storageErrors } from '../errors.ts';
import { FileContent } from '../file-content.ts';
import type { ObjectKey } from '../object-key.ts';
import type { ObjectFacts } from '../object-records.ts';
import type { ObjectStore } from '../object-store.ts';
import { judgeRead, parseEntityTags } from '../preconditions.ts';
import { etagMembers, objectDemand, objectHeaders, objectMembers } from './object-input.ts';

const getInput = z.strictObject({
  ...objectMembers,
  ...etagMembers,
  range: z
    .string()
    .max(256)
    .optional()
    .describe('One range of bytes: `bytes=0-99`, `bytes=100-`, `bytes=-100`.'),
  if_range: z
    .string()
    .max(256)
    .optional()
    .describe('The range counts only for the object with this entity tag.'),
});
const headInput = z.strictObject({ ...objectMembers, ...etagMembers });
const truth = nothingToJudge('An object is bytes without rows or claims.');

/** Reads an object, whole or one range, from a file opened once: a concurrent replacement is not seen half. */
export function getObject(store: ObjectStore) {
  return readOperation<z.infer<typeof getInput>, null, { key: ObjectKey }>({
    name: 'objects.get',
    summary: 'Read an object',
    description:
      'Streams the content of one object; `Range` asks for a part, `If-None-Match` for what is new only.',
    input: getInput,
    output: z.null(),
    access: { kind: 'demands', resolve: async (_scope, given) => objectDemand(given, 'read') },
    truth,
    async run(scope, given, { resolved }) {
      scope.requireObject(given.bucket, resolved.key.text, 'read');
      const { opened, facts } = await store.open(given.bucket, resolved.key);
      let streaming = false;
      try {
        const early = withoutContent(given, facts);
        if (early !== null) return early;
        const asked = given.if_range === undefined || given.if_range === facts.etag ? given.range : undefined;
        const range = parseByteRange(asked, facts.sizeBytes);
        if (range === 'unsatisfiable') throw outside(facts);
        streaming = true;
        const bytes = range === 'whole' ? { first: 0, last: facts.sizeBytes - 1 } : range;
        const contentRange =
          range === 'whole'
            ? {}
            : { 'content-range': `bytes ${bytes.first}-${bytes.last}/${facts.sizeBytes}` };
        return {
          kind: 'stream',
          contentType: facts.contentType,
          status: range === 'whole' ? 200 : 206,
          headers: {
            ...objectHeaders(facts),
            ...contentRange,
            'content-length': String(bytes.last - bytes.first + 1),
          },
          chunks: new FileContent(opened.file, bytes),
          rowCount: () => 0,
        };
      } finally {
        if (!streaming) await opened.file.close();
      }
    },
  });
}

/** The headers that reading the object would give. */
export function headObject(store: ObjectStore) {
  return readOperation<z.infer<typeof headInput>, null, { key: ObjectKey }>({
    name: 'objects.head',
    summary: 'Look at an object',
    description: 'Answers an object’s size, entity tag, type and checksum as headers, without its content.',
    input: headInput,
    output: z.null(),
    access: { kind: 'demands', resolve: async (_scope, given) => objectDemand(given, 'read') },
    truth,
    async run(scope, given, { resolved }) {
      scope.requireObject(given.bucket, resolved.key.text, 'read');
      const { opened, facts } = await store.open(given.bucket, resolved.key);
      await opened.file.close();
      const early = withoutContent(given, facts);
      if (early !== null) return early;
      return {
        kind: 'value',
        value: null,
        headers: {
          ...objectHeaders(facts),
          'content-type': facts.contentType,
          'content-length': String(facts.sizeBytes),
        },
      };
    },
  });
}

/** The answer where a precondition says that no content is wanted; throws `storage.precondition_failed`. */
function withoutContent(
  given: { if_match?: string | undefined; if_none_match?: string | undefined },
  facts: ObjectFacts,
): ReadAnswer<null> | null {
  const conditions = {
    ifMatch: parseEntityTags(given.if_match),
    ifNoneMatch: parseEntityTags(given.if_none_match),
  };
  const verdict = judgeRead(conditions, facts.etag);
  if (verdict === 'send') return null;
  if (verdict === 'not_modified') {
    return { kind: 'value', value: null, status: 304, headers: objectHeaders(facts) };
  }
  throw new LakeError(storageErrors.precondition_failed, {
    detail: 'The object has another entity tag than If-Match asks for.',
    data: { etag: facts.etag },
  });
}

function outside(facts: ObjectFacts): LakeError {
  return new LakeError(storageErrors.range_not_satisfiable, {
    detail: `The object has ${facts.sizeBytes} bytes; ask for a range inside.`,
    data: { size_bytes: facts.sizeBytes },
  });
}
