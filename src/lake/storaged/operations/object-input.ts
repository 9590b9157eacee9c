import { z } from 'zod';
import type { BucketAction, Resolution } from '../../../govern/scope/index.ts';
import { type ObjectKey, parseObjectKey } from '../object-key.ts';
import type { ObjectFacts } from '../object-records.ts';

/** The members every operation on one object takes. */
export const objectMembers = {
  bucket: z.string().min(1).max(63).describe('Name of the bucket.'),
  key: z.string().min(1).max(2_048).describe('Key of the object: names joined by "/".'),
};

export const etagMembers = {
  if_match: z.string().max(8_192).optional().describe('Entity tags of which one must be the object’s.'),
  if_none_match: z
    .string()
    .max(8_192)
    .optional()
    .describe('Entity tags of which none may be the object’s, or "*".'),
};

/** Parses the key and demands one verb on it. */
export function objectDemand(
  input: { bucket: string; key: string },
  action: BucketAction,
): Resolution<{ key: ObjectKey }> {
  const key = parseObjectKey(input.key);
  return { demands: [{ kind: 'bucket', bucket: input.bucket, action, key: key.text }], resolved: { key } };
}

/**
 * Headers of an answer that is an object's content or stands for it. Content is always a download: a page that someone
 * uploaded must not run in a browser as if this server had written it (K-14).
 */
export function objectHeaders(facts: ObjectFacts): Readonly<Record<string, string>> {
  return {
    etag: facts.etag,
    'last-modified': new Date(facts.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    'content-disposition': 'attachment',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    ...(facts.sha256 === null ? {} : { 'x-checksum-sha256': facts.sha256 }),
  };
}
