import type { IcebergSchema, NewDataFile } from '../catalog.ts';
import { schemaEntries } from './schema.ts';
import { boundOf } from './single-value.ts';

/** The statistics of one file, by field id. */
export type FileStatistics = Pick<
  NewDataFile,
  'columnSizes' | 'valueCounts' | 'nullCounts' | 'lowerBounds' | 'upperBounds'
>;

/** One row that `COPY … (RETURN_STATS true)` answers, as the engine returns it in JSON. */
export interface CopyStatistics {
  readonly count: unknown;
  readonly file_size_bytes: unknown;
  /** Quoted column path → statistic name → text; as an object or as `[{key, value}]`. */
  readonly column_statistics: unknown;
}

/** A written file's entry for a commit, out of the statistics the engine returned for it. */
export function dataFileOf(
  schema: Pick<IcebergSchema, 'fields'>,
  path: string,
  statistics: CopyStatistics,
): NewDataFile {
  return {
    path,
    recordCount: Number(statistics.count),
    sizeBytes: Number(statistics.file_size_bytes),
    hasFieldIds: true,
    ...copyStatistics(schema, statistics.column_statistics),
  };
}

function copyStatistics(schema: Pick<IcebergSchema, 'fields'>, columns: unknown): FileStatistics {
  const byPath = new Map<string, { id: number; type: string }>();
  for (const entry of schemaEntries(schema)) {
    if (typeof entry.type === 'string') {
      byPath.set(JSON.stringify(entry.path), { id: entry.id, type: entry.type });
    }
  }
  const collector = new StatisticsCollector();
  for (const [quotedPath, values] of entriesOf(columns)) {
    const field = byPath.get(JSON.stringify(splitQuotedPath(quotedPath)));
    if (field === undefined) continue;
    const texts = new Map(entriesOf(values));
    collector.add(field, {
      sizeBytes: numberOf(texts.get('column_size_bytes')),
      values: numberOf(texts.get('num_values')),
      nulls: numberOf(texts.get('null_count')),
      min: textOf(texts.get('min')),
      max: textOf(texts.get('max')),
      hasNan: texts.get('has_nan') === 'true' || texts.get('has_nan') === true,
    });
  }
  return collector.statistics();
}

/** Statistics of one column or one chunk of it, as an engine prints them; null where it says nothing. */
export interface ColumnStatistics {
  readonly sizeBytes: number | null;
  readonly values: number | null;
  readonly nulls: number | null;
  readonly min: string | null;
  readonly max: string | null;
  readonly hasNan: boolean;
}

/** Gathers the statistics of a file's columns, each given once. */
class StatisticsCollector {
  readonly #statistics = {
    columnSizes: new Map<number, number>(),
    valueCounts: new Map<number, number>(),
    nullCounts: new Map<number, number>(),
    lowerBounds: new Map<number, Uint8Array>(),
    upperBounds: new Map<number, Uint8Array>(),
  };

  add(field: { id: number; type: string }, column: ColumnStatistics): void {
    const all = this.#statistics;
    if (column.sizeBytes !== null) all.columnSizes.set(field.id, column.sizeBytes);
    if (column.values !== null) all.valueCounts.set(field.id, column.values);
    if (column.nulls !== null) all.nullCounts.set(field.id, column.nulls);
    // A NaN has no place between bounds: with one in the column, bounds would hide its row.
    if (column.min === null || column.max === null || column.hasNan) return;
    const lower = boundOf(field.type, column.min, 'lower');
    const upper = boundOf(field.type, column.max, 'upper');
    if (lower !== null) all.lowerBounds.set(field.id, lower);
    if (upper !== null) all.upperBounds.set(field.id, upper);
  }

  statistics(): FileStatistics {
    return this.#statistics;
  }
}

/** `"st"."a""b"` → `['st', 'a"b']`. */
function splitQuotedPath(text: string): string[] {
  return Array.from(text.matchAll(/"((?:[^"]|"")*)"(?:\.|$)/g), (found) =>
    (found[1] ?? '').replaceAll('""', '"'),
  );
}

function entriesOf(map: unknown): [string, unknown][] {
  if (Array.isArray(map)) {
    return map.map((pair: { key: unknown; value: unknown }) => [String(pair.key), pair.value]);
  }
  return typeof map === 'object' && map !== null ? Object.entries(map) : [];
}

function numberOf(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
