import { LakeError } from '../../base/index.ts';
import { storageErrors } from './errors.ts';

/** Conditions on the state of an object, as given with the request (RFC 9110 §13.1). */
export interface Preconditions {
  readonly ifMatch: EntityTags | null;
  readonly ifNoneMatch: EntityTags | null;
}

/** `any` is `*`: any existing object. */
export type EntityTags = { readonly any: true } | { readonly any: false; readonly tags: readonly string[] };

const ENTITY_TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;

/** Parses one header's value; null where it was not given. Throws `storage.invalid_precondition`. */
export function parseEntityTags(text: string | undefined): EntityTags | null {
  if (text === undefined) return null;
  if (text.trim() === '*') return { any: true };
  const tags = text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  if (tags.length === 0 || !tags.every((tag) => ENTITY_TAG.test(tag))) {
    throw new LakeError(storageErrors.invalid_precondition, {
      detail: 'An entity tag is a quoted string, for example "abc".',
    });
  }
  return { any: false, tags };
}

/** Whether a write may go on, given the object's current entity tag (null where there is no object). */
export function allowsWrite(conditions: Preconditions, etag: string | null): boolean {
  if (conditions.ifMatch !== null && !matchesStrongly(conditions.ifMatch, etag)) return false;
  return conditions.ifNoneMatch === null || !matchesWeakly(conditions.ifNoneMatch, etag);
}

/** What a read of an existing object comes to, in the order of RFC 9110 §13.2.2. */
export function judgeRead(conditions: Preconditions, etag: string): 'send' | 'not_modified' | 'failed' {
  if (conditions.ifMatch !== null && !matchesStrongly(conditions.ifMatch, etag)) return 'failed';
  if (conditions.ifNoneMatch !== null && matchesWeakly(conditions.ifNoneMatch, etag)) return 'not_modified';
  return 'send';
}

function matchesStrongly(tags: EntityTags, etag: string | null): boolean {
  if (etag === null) return false;
  return tags.any || tags.tags.includes(etag);
}

function matchesWeakly(tags: EntityTags, etag: string | null): boolean {
  if (etag === null) return false;
  return tags.any || tags.tags.some((tag) => tag.replace(/^W\//, '') === etag);
}
