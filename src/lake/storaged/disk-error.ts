import { isLakeError, LakeError } from '../../base/index.ts';
import { storageErrors } from './errors.ts';

/** The code of a system call's error, `ENOENT`, or null. */
export function systemCode(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}

/** Translates a failure of the disk: full → `storage.full`, else `storage.unavailable`. A LakeError stays what it is. */
export function diskError(error: unknown): LakeError {
  if (isLakeError(error)) return error;
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LakeError(storageErrors.full, {
      detail: 'The disk of the storage is full; nothing was kept. Free space and try again.',
      cause: error,
    });
  }
  return new LakeError(storageErrors.unavailable, {
    detail: `The storage refused an operation${code === null ? '' : ` (${code})`}; nothing was kept.`,
    cause: error,
  });
}
