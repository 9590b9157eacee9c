import type { ColumnChange, DatasetChange, IcebergSchema } from './catalog.ts';
import { type SchemaEntry, schemaEntries } from './iceberg/schema.ts';
import { typeText } from './iceberg/type-text.ts';

/** What became of the columns, by field id: an added or removed column is told without its members. */
export function columnChanges(
  before: Pick<IcebergSchema, 'fields'>,
  after: Pick<IcebergSchema, 'fields'>,
): readonly ColumnChange[] {
  const earlier = new Map(Array.from(schemaEntries(before), (entry) => [entry.id, entry]));
  const later = new Map(Array.from(schemaEntries(after), (entry) => [entry.id, entry]));
  const widened = Array.from(later.values()).flatMap((entry): ColumnChange[] => {
    const was = earlier.get(entry.id);
    // What holds others changes with them, and they are told.
    if (was === undefined || typeof entry.type !== 'string') return [];
    const [from, to] = [typeText(was.type), entry.type];
    return from === to ? [] : [{ kind: 'widened', column: entry.path.join('.'), from, to }];
  });
  return [
    ...outermost(later, earlier).map(
      ({ path, type }): ColumnChange => ({
        kind: 'added',
        column: path.join('.'),
        from: null,
        to: typeText(type),
      }),
    ),
    ...widened,
    ...outermost(earlier, later).map(
      ({ path, type }): ColumnChange => ({
        kind: 'removed',
        column: path.join('.'),
        from: typeText(type),
        to: null,
      }),
    ),
  ];
}

/**
 * Columns and members that hold null in the rows of an append: those that the rows lacked when they were written, and
 * those that another writer added since. Nothing where no row came.
 */
export function filledWithNull(
  current: Pick<IcebergSchema, 'fields'>,
  change: Pick<DatasetChange, 'schema' | 'files' | 'missingIds'>,
): readonly ColumnChange[] {
  if (change.files.length === 0) return [];
  const earlier = new Map(Array.from(schemaEntries(current), (entry) => [entry.id, entry]));
  const written = new Map(
    Array.from(schemaEntries(change.schema), (entry) => [entry.id, entry] as const).filter(
      ([id]) => !change.missingIds.has(id),
    ),
  );
  return outermost(earlier, written).map(({ path, type }): ColumnChange => {
    return { kind: 'filled_with_null', column: path.join('.'), from: typeText(type), to: typeText(type) };
  });
}

/** Entries of one schema that the other lacks, but for those inside another of them; parents come before children. */
function outermost(
  entries: ReadonlyMap<number, SchemaEntry>,
  others: ReadonlyMap<number, SchemaEntry>,
): readonly SchemaEntry[] {
  const lacking = [...entries.values()].filter(({ id }) => !others.has(id));
  const paths = new Set(lacking.map(({ path }) => path.join('\0')));
  return lacking.filter(({ path }) => !paths.has(path.slice(0, -1).join('\0')));
}
