import { LakeError } from '../../base/index.ts';
import type { EngineLease } from '../engine/index.ts';
import type { SourceFile } from '../storaged/index.ts';
import type { IcebergField, NewDataFile } from './catalog.ts';
import { catalogErrors } from './errors.ts';
import { icebergTypeOf } from './iceberg/index.ts';
import { parsePrimitive } from './iceberg/primitive-type.ts';
import { schemaEntries } from './iceberg/schema.ts';
import { boundOf, compareSingleValues, decodeSingleValue } from './iceberg/single-value.ts';

/** Column chunks beyond this are not folded into bounds: the engine prunes by the footers itself. */
const MAX_FOLDED_CHUNKS = 50_000;
const MAX_DECIMAL_DIGITS = 38;

/**
 * Reads the columns of existing Parquet files. All must have the same, in the same order: what a file lacks could
 * not be told from what it holds. Throws `catalog.source_invalid`, `catalog.type_unsupported`.
 */
export async function readParquetColumns(
  lease: EngineLease,
  files: readonly SourceFile[],
): Promise<IcebergField[]> {
  const paths = pathList(files);
  const signatures = await queryParquet(
    lease,
    `SELECT file_name, md5(string_agg(concat_ws(':', name, coalesce(duckdb_type, converted_type, 'group'), num_children), '\u0001' ORDER BY column_id)) AS signature
     FROM parquet_schema(${paths}) WHERE column_id > 0 GROUP BY file_name`,
  );
  const byPath = new Map(signatures.map((row) => [String(row.file_name), String(row.signature)]));
  const first = files[0] === undefined ? undefined : byPath.get(files[0].path);
  const other = files.find((file) => byPath.get(file.path) !== first);
  if (other !== undefined) {
    throw new LakeError(catalogErrors.source_invalid, {
      detail: `The object ${other.key} has other columns than the first one; register objects of one schema.`,
    });
  }
  const wide = await wideDecimal(lease, paths);
  if (wide !== null) throw wide;
  const described = await queryParquet(
    lease,
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${paths}))`,
  );
  return described.map((row) => ({
    id: 0,
    name: String(row.column_name),
    required: false,
    type: icebergTypeOf(String(row.column_type), String(row.column_name)),
  }));
}

/**
 * Why Parquet files cannot be taken for a decimal, at any depth, of more digits than a type has; null where there is
 * none. The engine would read it as DOUBLE: digits would be lost, and beyond 128 bits the value is another one.
 */
export async function wideDecimal(lease: EngineLease, pathsSql: string): Promise<LakeError | null> {
  const [found] = await queryParquet(
    lease,
    `SELECT name, precision, scale FROM parquet_schema(${pathsSql}) WHERE precision > ${MAX_DECIMAL_DIGITS} LIMIT 1`,
  );
  if (found === undefined) return null;
  const type = `DECIMAL(${Number(found.precision)}, ${Number(found.scale)})`;
  return new LakeError(catalogErrors.type_unsupported, {
    detail: `The column ${JSON.stringify(String(found.name))} is ${type}; a decimal keeps at most ${MAX_DECIMAL_DIGITS} digits. Write it as text, or with fewer digits.`,
  });
}

/** Row counts, sizes and statistics of existing Parquet files, from their footers. */
export async function readParquetFiles(
  lease: EngineLease,
  files: readonly SourceFile[],
  fields: readonly IcebergField[],
): Promise<NewDataFile[]> {
  const counts = await queryParquet(
    lease,
    `SELECT file_name, num_rows, num_row_groups FROM parquet_file_metadata(${pathList(files)})`,
  );
  const leaves = Array.from(schemaEntries({ fields })).flatMap((entry) =>
    typeof entry.type === 'string' ? [{ id: entry.id, type: entry.type }] : [],
  );
  const chunks = counts.reduce((sum, row) => sum + Number(row.num_row_groups) * leaves.length, 0);
  const statistics =
    chunks > MAX_FOLDED_CHUNKS
      ? new Map<string, FoldedStatistics>()
      : await foldStatistics(lease, files, leaves);
  const rowsByPath = new Map(counts.map((row) => [String(row.file_name), Number(row.num_rows)]));
  return files.map((file) => ({
    path: file.path,
    recordCount: rowsByPath.get(file.path) ?? 0,
    sizeBytes: file.sizeBytes,
    hasFieldIds: false,
    sourceIdentity: file.identity,
    ...(statistics.get(file.path) ?? emptyStatistics()),
  }));
}

type FoldedStatistics = ReturnType<typeof emptyStatistics>;

function emptyStatistics() {
  return {
    columnSizes: new Map<number, number>(),
    valueCounts: new Map<number, number>(),
    nullCounts: new Map<number, number>(),
    lowerBounds: new Map<number, Uint8Array>(),
    upperBounds: new Map<number, Uint8Array>(),
  };
}

/** The statistics of all row groups of each file as one. A file's leaf columns are in the schema's order. */
async function foldStatistics(
  lease: EngineLease,
  files: readonly SourceFile[],
  leaves: readonly { id: number; type: string }[],
): Promise<Map<string, FoldedStatistics>> {
  const rows = await queryParquet(
    lease,
    `SELECT file_name, column_id, sum(total_compressed_size) AS size_bytes, sum(num_values) AS value_count,
       sum(stats_null_count) AS null_count, count(*) AS chunks, count(stats_null_count) AS null_chunks,
       list(stats_min_value) FILTER (WHERE stats_min_value IS NOT NULL) AS lows,
       list(stats_max_value) FILTER (WHERE stats_max_value IS NOT NULL) AS highs,
       count(*) FILTER (WHERE stats_null_count = num_values) AS null_only
     FROM parquet_metadata(${pathList(files)}) GROUP BY file_name, column_id`,
  );
  const folded = new Map<string, FoldedStatistics>();
  for (const row of rows) {
    const leaf = leaves[Number(row.column_id)];
    if (leaf === undefined) continue;
    const file = folded.get(String(row.file_name)) ?? emptyStatistics();
    folded.set(String(row.file_name), file);
    file.columnSizes.set(leaf.id, Number(row.size_bytes));
    file.valueCounts.set(leaf.id, Number(row.value_count));
    if (Number(row.null_chunks) === Number(row.chunks)) {
      file.nullCounts.set(leaf.id, Number(row.null_count));
    }
    const bounded = Number(row.chunks) - Number(row.null_only);
    const lower = foldBounds(leaf.type, row.lows, bounded, 'lower');
    const upper = foldBounds(leaf.type, row.highs, bounded, 'upper');
    if (lower !== null && upper !== null) {
      file.lowerBounds.set(leaf.id, lower);
      file.upperBounds.set(leaf.id, upper);
    }
  }
  return folded;
}

/**
 * The outermost bound of a column's chunks; null unless each chunk with values has one. Floating-point columns get
 * none: other writers leave NaN out of their bounds without saying so, and a NaN is greater than every bound.
 */
function foldBounds(
  typeName: string,
  texts: unknown,
  chunks: number,
  side: 'lower' | 'upper',
): Uint8Array | null {
  const type = parsePrimitive(typeName);
  if (type === null || type.kind === 'float' || type.kind === 'double') return null;
  if (!Array.isArray(texts) || texts.length === 0 || texts.length < chunks) return null;
  let outermost: Uint8Array | null = null;
  for (const text of texts) {
    const bound = boundOf(typeName, String(text), side);
    if (bound === null) return null;
    const order =
      outermost === null
        ? -1
        : compareSingleValues(decodeSingleValue(type, bound), decodeSingleValue(type, outermost));
    if (outermost === null || (side === 'lower' ? order < 0 : order > 0)) outermost = bound;
  }
  return outermost;
}

/** A file that is no Parquet is the caller's mistake, and the engine's words may name paths of this machine. */
async function queryParquet(lease: EngineLease, sql: string) {
  try {
    return (await lease.query(sql)).rows;
  } catch (error) {
    if (error instanceof LakeError && error.kind !== 'invalid' && error.kind !== 'unprocessable') throw error;
    throw new LakeError(catalogErrors.source_invalid, {
      detail: 'An object there is no readable Parquet file.',
      cause: error,
    });
  }
}

function pathList(files: readonly SourceFile[]): string {
  return `[${files.map((file) => `'${file.path.replaceAll("'", "''")}'`).join(', ')}]`;
}
