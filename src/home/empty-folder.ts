import { chmod, mkdir, readdir } from 'node:fs/promises';
import { LakeError } from '../base/index.ts';
import { homeErrors } from './errors.ts';

/**
 * Makes a folder, or takes one that is empty, for its owner alone. Throws `home.already_a_home` with `inUse` where it holds
 * something, `home.folder_unusable` where it cannot be one.
 */
export async function makeEmptyFolder(folder: string, inUse: string): Promise<void> {
  const names = await taken(folder);
  if (names.length > 0) throw new LakeError(homeErrors.already_a_home, { detail: inUse });
}

async function taken(folder: string): Promise<readonly string[]> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const names = await readdir(folder);
    if (names.length === 0) await chmod(folder, 0o700);
    return names;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new LakeError(homeErrors.folder_unusable, {
      detail: `The folder cannot be made or used (${code}). Choose one below a folder that you may write to, and no file.`,
      cause,
    });
  }
}
