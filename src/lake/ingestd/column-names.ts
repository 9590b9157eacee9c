import { LakeError } from '../../base/index.ts';
import { ingestErrors } from './errors.ts';

const MAX_NAME_CHARACTERS = 255;

/**
 * Checks the names of a file's columns. An empty name of a delimited file becomes `column_<n>`, as for a file without a
 * header. Throws `ingest.invalid_columns` and `ingest.too_many_columns`.
 */
export function columnNames(given: readonly (string | null)[], maxColumns: number): readonly string[] {
  requireColumnCount(given.length, maxColumns);
  const names = given.map((name, index) => {
    const trimmed = (name ?? '').trim();
    return trimmed === '' ? `column_${index + 1}` : trimmed;
  });
  requireNames(names);
  return names;
}

export function requireColumnCount(count: number, maxColumns: number): void {
  if (count <= maxColumns) return;
  throw new LakeError(ingestErrors.too_many_columns, {
    detail: `The file has ${count} columns; at most ingest.max_columns = ${maxColumns} are taken.`,
  });
}

/** Names must differ by more than case: engines compare them without it. */
export function requireNames(names: readonly string[]): void {
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    if (/\p{Cc}/u.test(name)) throw invalid(`The name of column ${index + 1} holds a control character.`);
    if (name.length > MAX_NAME_CHARACTERS) {
      throw invalid(`The name of column ${index + 1} is longer than ${MAX_NAME_CHARACTERS} characters.`);
    }
    const earlier = seen.get(name.toLowerCase());
    if (earlier !== undefined) {
      throw invalid(
        `Columns ${earlier + 1} and ${index + 1} have the same name ${JSON.stringify(name)} (case aside).`,
      );
    }
    seen.set(name.toLowerCase(), index);
  }
}

function invalid(detail: string): LakeError {
  return new LakeError(ingestErrors.invalid_columns, { detail });
}
