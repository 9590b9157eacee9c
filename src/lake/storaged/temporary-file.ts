import { lstat, rm } from 'node:fs/promises';
import { factsOf } from './bucket-folder.ts';
import { diskError } from './disk-error.ts';

/** The identity a finished file keeps when it is renamed. */
export async function temporaryIdentity(path: string): Promise<string> {
  try {
    return factsOf(await lstat(path, { bigint: true })).identity;
  } catch (error) {
    throw diskError(error);
  }
}

/** Removes a file of ours that may be gone already. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}
