import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { LakeError } from '../base/index.ts';
import { homeErrors } from './errors.ts';
import { homeLayout } from './layout.ts';

/** The format of homes this version writes. The store's own schema is migrated by its migrations; this is the folder's. */
const FORMAT = 1;

export function writeFormat(home: string): void {
  writeFileSync(homeLayout(home).formatFile, `lakehouse-home ${FORMAT}\n`, { mode: 0o600 });
}

/** Throws `home.not_a_home` or `home.format_unsupported` with the reason; answers for a home this version can open. */
export function requireFormat(home: string): void {
  const { formatFile } = homeLayout(home);
  if (!existsSync(formatFile)) {
    throw new LakeError(homeErrors.not_a_home, {
      detail:
        'This folder is not a lakehouse home: it has no FORMAT file. Make one with `lakehouse init --home DIR`.',
    });
  }
  const match = /^lakehouse-home (\d{1,6})\n$/.exec(readFileSync(formatFile, 'utf8'));
  const found = match === null ? null : Number(match[1]);
  if (found === FORMAT) return;
  throw new LakeError(homeErrors.format_unsupported, {
    detail:
      found === null
        ? 'The FORMAT file of this home is damaged; restore it from a backup.'
        : `This home has format ${found}; this version of lakehouse reads format ${FORMAT}. ` +
          (found > FORMAT
            ? 'It was written by a newer version: start it with that one.'
            : 'No migration exists for it.'),
  });
}
