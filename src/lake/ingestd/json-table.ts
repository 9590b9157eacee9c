import { LakeError } from '../../base/index.ts';
import { duckdbTypeOf, type IcebergField, type IcebergType, icebergTypeOf } from '../catalogd/index.ts';
import { ingestErrors } from './errors.ts';
import type { FileTable } from './file-table.ts';
import { quoteName, quoteText } from './file-table.ts';
import type { IngestEngine } from './ingest-engine.ts';
import { type JsonLimits, readJsonRows } from './json-rows.ts';
import { type JsonColumn, JsonShape } from './json-shape.ts';
import { type ReadableFile, readText } from './readable-file.ts';
import type { RowSorter, SortedRows } from './row-sorter.ts';
import { checkedCast } from './value-type.ts';

export interface JsonFile {
  readonly content: ReadableFile;
  readonly shape: 'array' | 'objects' | 'lines';
  readonly limits: JsonLimits & { readonly maxColumns: number };
}

/**
 * Reads a JSON file row by row into one object per line, which is what the engine gets: malformed rows are named by
 * line, nesting and row size are bounded before the engine's parser sees them, and types are judged over all rows.
 */
export async function readJsonTable(
  file: JsonFile,
  sorter: RowSorter,
  parts: {
    engine: IngestEngine;
    signal: AbortSignal;
    pathOfClean(name: string): string;
    targets: ReadonlyMap<string, string>;
  },
): Promise<FileTable> {
  const shape = new JsonShape(file.limits);
  for await (const row of readJsonRows(readText(file.content), file.shape, file.limits)) {
    parts.signal.throwIfAborted();
    const reason = shape.add(row);
    if (reason !== null) await sorter.reject({ line: row.line, column: null, reason, bytes: row.bytes });
    // No line end can stand inside a JSON string.
    else await sorter.accept(`${row.bytes.toString('utf8').replace(/[\r\n]+/g, ' ')}\n`);
  }
  const sorted: SortedRows = await sorter.finish();
  if (shape.columns().length === 0) {
    throw new LakeError(ingestErrors.empty_file, { detail: 'The file holds no row with a member.' });
  }
  const path = parts.pathOfClean(sorted.cleanName);
  const known = new Map(shape.columns().map((column) => [column.name, column]));
  const wide = shape.hasUnsigned() ? 'DECIMAL(20,0)' : 'BIGINT';
  const read = await describeRows({ path, wide, limits: file.limits, ...parts });
  const columns = read.map((column) => settle(column, known.get(column.name), parts.targets));
  const types = read.map((column) => `${quoteText(column.name)}: ${quoteText(duckdbTypeOf(column.type))}`);
  return {
    columns,
    path,
    source: `read_json(${quoteText(path)}, format='newline_delimited', records=true, maximum_object_size=${file.limits.maxRowBytes}, columns={${types.join(', ')}})`,
    expression(index, engineType) {
      const [wanted, given] = [columns[index], read[index]];
      if (wanted === undefined || given === undefined) throw new Error('a column beyond the file');
      const name = quoteName(given.name);
      const isText = given.type === 'string' && typeof wanted.type === 'string' && wanted.type !== 'string';
      return isText ? checkedCast(name, String(wanted.type), engineType) : `CAST(${name} AS ${engineType})`;
    },
    expectedRows: sorted.acceptedRows,
    rejectedRows: sorted.rejectedRows,
    rejections: sorted.rejections,
    quarantineName: sorted.quarantineName,
  };
}

/** The columns as the engine infers them over all rows; strings that look like dates stay strings here. */
async function describeRows(file: {
  path: string;
  wide: string;
  limits: JsonLimits;
  engine: IngestEngine;
  signal: AbortSignal;
}): Promise<readonly { name: string; type: IcebergType }[]> {
  const { path, signal } = file;
  const sql =
    `DESCRIBE SELECT * FROM read_json(${quoteText(path)}, format='newline_delimited', records=true, sample_size=-1, ` +
    `maximum_object_size=${file.limits.maxRowBytes}, map_inference_threshold=-1, field_appearance_threshold=0)`;
  const rows = await file.engine.run({ readFiles: [path], writeFiles: [], signal }, (lease) =>
    lease.query(sql),
  );
  return rows.rows.map((row) => ({
    name: String(row.column_name),
    // The engine takes positive and negative numbers apart and joins them to 128 bits, whatever their size.
    type: withoutTemporal(
      icebergTypeOf(
        String(row.column_type).replace(/\b(?:HUGEINT|UBIGINT)\b/g, file.wide),
        String(row.column_name),
      ),
    ),
  }));
}

/** The type of one column: the dataset's own where every value fits it, else what the values are. */
function settle(
  column: { name: string; type: IcebergType },
  seen: JsonColumn | undefined,
  targets: ReadonlyMap<string, string>,
): { name: string; type: IcebergType } {
  const target = targets.get(column.name.toLowerCase());
  const type = seen?.temporal ?? column.type;
  if (target === undefined || seen === undefined) return { ...column, type };
  const fits =
    seen.isEmpty ||
    (target === 'double' && seen.isExactInteger) ||
    (target === 'timestamp' && type === 'date') ||
    (target === 'string' && seen.temporal !== null);
  return { ...column, type: fits ? target : type };
}

function withoutTemporal(type: IcebergType): IcebergType {
  if (typeof type === 'string')
    return /^(?:date|time|timestamp|timestamptz|uuid)$/.test(type) ? 'string' : type;
  if (type.type === 'list') return { ...type, element: withoutTemporal(type.element) };
  if (type.type === 'map')
    return { ...type, key: withoutTemporal(type.key), value: withoutTemporal(type.value) };
  const fields: readonly IcebergField[] = type.fields.map((field) => ({
    ...field,
    type: withoutTemporal(field.type),
  }));
  return { ...type, fields };
}
