import { declareErrors } from '../../base/index.ts';

export const storageErrors = declareErrors('storage', {
  bucket_not_found: {
    kind: 'not_found',
    title: 'No such bucket',
    remedy: 'Name a bucket of [storage.buckets] in lakehouse.toml; GET /buckets lists them.',
  },
  object_not_found: {
    kind: 'not_found',
    title: 'No such object',
    remedy: 'List the bucket to see its keys. Symbolic links and special files are not objects.',
  },
  invalid_key: {
    kind: 'invalid',
    title: 'Not an object key',
    remedy:
      'Use plain names joined by "/": no empty, "." or ".." part, no backslash, control character or ' +
      'percent-encoded separator, Unicode in NFC, at most 1,024 bytes and 255 per part.',
  },
  key_conflict: {
    kind: 'conflict',
    title: 'A folder and an object cannot share one key',
    remedy: 'Choose another key: one key is a part of another object’s path.',
  },
  precondition_failed: {
    kind: 'precondition_failed',
    title: 'The object is not in the state the request asked for',
    remedy: 'Read the object’s current ETag and try again with it.',
  },
  invalid_precondition: {
    kind: 'invalid',
    title: 'Precondition not understood',
    remedy: 'Give If-Match or If-None-Match as "*" or a list of quoted entity tags.',
  },
  range_not_satisfiable: {
    kind: 'range_not_satisfiable',
    title: 'The range lies outside the object',
    remedy: 'Ask for bytes below the object’s size, which the answer’s data names.',
  },
  checksum_mismatch: {
    kind: 'unprocessable',
    title: 'The content does not have the given checksum',
    remedy: 'Send the object again; nothing of it was kept.',
  },
  invalid_checksum: {
    kind: 'invalid',
    title: 'Checksum not understood',
    remedy: 'Give Content-MD5 as base64 of 16 bytes, x-checksum-sha256 as hex or base64 of 32 bytes.',
  },
  truncated: {
    kind: 'invalid',
    title: 'The content ended early',
    remedy: 'Send the whole content again; nothing of it was kept.',
  },
  too_large: {
    kind: 'too_large',
    title: 'The content is larger than allowed',
    remedy: 'Send less, or raise the limit that the detail names in lakehouse.toml.',
  },
  invalid_page_token: {
    kind: 'invalid',
    title: 'Page token not understood',
    remedy: 'Use next_page_token of the previous answer unchanged, with the same prefix and delimiter.',
  },
  object_changed: {
    kind: 'conflict',
    title: 'The object changed while it was read',
    remedy: 'Read it again.',
    retryable: true,
  },
  full: {
    kind: 'storage_full',
    title: 'The disk is full',
    remedy: 'Free disk space, then send the request again; nothing of it was kept.',
    retryable: true,
  },
  unavailable: {
    kind: 'unavailable',
    title: 'The storage cannot be used',
    remedy: 'Look at the server’s log; check the disk and the permissions of the storage folders.',
    retryable: true,
  },
  unsafe_configuration: {
    kind: 'internal',
    title: 'A bucket’s folder is not acceptable',
    remedy:
      'Give each bucket its own folder: not inside another bucket, and in the home only below buckets/.',
  },
});
