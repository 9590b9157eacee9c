import { LakeError } from '../../base/index.ts';
import type { IcebergField, IcebergType } from './catalog.ts';
import { catalogErrors } from './errors.ts';

const MAX_NAME_LENGTH = 128;
const MAX_COLUMN_NAME_LENGTH = 255;
const NAME = /^(?:[A-Za-z_][A-Za-z0-9_]*\.)?[A-Za-z_][A-Za-z0-9_]*$/;
/** Namespaces and names that engines and this system mean themselves by. */
const RESERVED: ReadonlySet<string> = new Set([
  'information_schema',
  'lakehouse',
  'main',
  'memory',
  'pg_catalog',
  'system',
  'temp',
]);

/**
 * Refuses a name that is not strict (K-9): ASCII letters, digits and underscores, one optional namespace. No pattern
 * character, quote or path part can come into a grant, a path or SQL by a name. Throws `catalog.name_invalid`.
 */
export function requireDatasetName(name: string): void {
  if (name.length > MAX_NAME_LENGTH) {
    throw invalidName(`A dataset name has at most ${MAX_NAME_LENGTH} characters.`);
  }
  if (!NAME.test(name)) {
    throw invalidName(
      'A dataset name is letters, digits and underscores, starts with a letter or underscore, and has at most one dot after a namespace.',
    );
  }
  const first = name.split('.')[0]?.toLowerCase() ?? '';
  if (RESERVED.has(first)) throw invalidName(`Names of ${first} are reserved; choose another.`);
}

/** Whether a stored dataset could have this name: looking up any other needs no query. */
export function isDatasetName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && NAME.test(name);
}

/**
 * Refuses columns that engines would confuse: no name, a control character, two of one level that differ by case
 * alone, none at all, or more than `maxColumns`. Throws `catalog.column_invalid`, `catalog.too_many_columns`.
 */
export function requireColumns(columns: readonly IcebergField[], maxColumns: number): void {
  if (columns.length === 0) throw invalidColumn('A dataset has at least one column.');
  if (columns.length > maxColumns) {
    throw new LakeError(catalogErrors.too_many_columns, {
      detail: `The dataset would have ${columns.length} columns; at most ${maxColumns} are allowed.`,
    });
  }
  requireLevel(columns);
}

function requireLevel(fields: readonly IcebergField[]): void {
  const seen = new Set<string>();
  for (const field of fields) {
    if (field.name === '' || field.name.length > MAX_COLUMN_NAME_LENGTH || /\p{Cc}/u.test(field.name)) {
      throw invalidColumn('A column name has 1 to 255 characters, none of them a control character.');
    }
    const key = field.name.toLowerCase();
    if (seen.has(key)) {
      throw invalidColumn(`Two columns are named ${JSON.stringify(field.name)} apart from case; rename one.`);
    }
    seen.add(key);
    requireInside(field.type);
  }
}

function requireInside(type: IcebergType): void {
  if (typeof type === 'string') return;
  if (type.type === 'struct') requireLevel(type.fields);
  else if (type.type === 'list') requireInside(type.element);
  else {
    requireInside(type.key);
    requireInside(type.value);
  }
}

function invalidName(detail: string): LakeError {
  return new LakeError(catalogErrors.name_invalid, { detail });
}

function invalidColumn(detail: string): LakeError {
  return new LakeError(catalogErrors.column_invalid, { detail });
}
