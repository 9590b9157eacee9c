import { isLakeError, LakeError } from '../../base/index.ts';
import { icebergTypeOf, wideDecimal } from '../catalogd/index.ts';
import { EngineFailure } from '../engine/index.ts';
import { requireColumnCount, requireNames } from './column-names.ts';
import { ingestErrors } from './errors.ts';
import { type FileTable, quoteName, quoteText } from './file-table.ts';
import { type IngestEngine, isRefusedByEngine } from './ingest-engine.ts';

/** Reads the schema of a Parquet file and checks its size before a row is read. Throws `ingest.corrupt_file`. */
export async function readParquetTable(
  path: string,
  parts: { engine: IngestEngine; signal: AbortSignal; maxRows: number; maxColumns: number },
): Promise<FileTable> {
  const source = `read_parquet(${quoteText(path)}, hive_partitioning=false)`;
  const described = await parts.engine
    .run({ readFiles: [path], writeFiles: [], signal: parts.signal }, async (lease) => {
      const counted = await lease.query(
        `SELECT sum(num_rows) AS n FROM parquet_file_metadata(${quoteText(path)})`,
      );
      const columns = await lease.query(`DESCRIBE SELECT * FROM ${source}`);
      const wide = await wideDecimal(lease, quoteText(path));
      return { rows: Number(counted.rows[0]?.n ?? 0), columns: columns.rows, wide };
    })
    .catch((error: unknown) => {
      throw isRefusedByEngine(error) ? corrupt(error) : error;
    });
  if (described.rows > parts.maxRows) {
    throw new LakeError(ingestErrors.too_many_rows, {
      detail: `The file says it has ${described.rows} rows; at most ingest.max_rows = ${parts.maxRows} are taken.`,
    });
  }
  requireColumnCount(described.columns.length, parts.maxColumns);
  if (described.wide !== null) throw described.wide;
  const read = described.columns.map((row) => ({
    name: String(row.column_name),
    engineType: String(row.column_type),
  }));
  requireNames(read.map((column) => column.name));
  return {
    columns: read.map(({ name, engineType }) => ({ name, type: icebergTypeOf(engineType, name) })),
    path,
    source,
    expression(index, engineType) {
      const column = read[index];
      if (column === undefined) throw new Error('a column beyond the file');
      const cast = `CAST(${quoteName(column.name)} AS ${engineType})`;
      return column.engineType.includes('TIMESTAMP_NS') ? withoutNanoseconds(column, index, cast) : cast;
    },
    expectedRows: described.rows,
    rejectedRows: 0,
    rejections: [],
    quarantineName: null,
  };
}

/** Nanoseconds are kept by no type of this format version: a value that has some, at any depth, fails the file. */
function withoutNanoseconds(
  column: { name: string; engineType: string },
  index: number,
  cast: string,
): string {
  const name = quoteName(column.name);
  const isKept =
    column.engineType === 'TIMESTAMP_NS'
      ? `${name} IS NULL OR epoch_ns(${name}) % 1000 = 0`
      : `CAST(${cast} AS ${column.engineType}) IS NOT DISTINCT FROM ${name}`;
  return `CASE WHEN ${isKept} THEN ${cast} ELSE error('nanoseconds of column ${index}') END`;
}

/** Why the engine did not read a file: the column whose nanoseconds would be lost, or the file itself. */
export function unreadable(cause: unknown, table: FileTable | null): LakeError {
  const failure = isLakeError(cause) ? cause.cause : null;
  const text = failure instanceof EngineFailure ? failure.unfilteredText() : '';
  const index = /: nanoseconds of column (\d+)$/.exec(text.split('\n')[0] ?? '')?.[1];
  const column = index === undefined ? undefined : table?.columns[Number(index)];
  if (column === undefined) return corrupt(cause);
  return new LakeError(ingestErrors.unkept_value, {
    detail: `The column ${JSON.stringify(column.name)} holds times with nanoseconds, which would be cut off; nothing was kept.`,
    data: { column: column.name },
    cause,
  });
}

function corrupt(cause: unknown): LakeError {
  return new LakeError(ingestErrors.corrupt_file, {
    detail:
      'The Parquet file is damaged, cut off, or holds values this format cannot keep; nothing was kept.',
    cause,
  });
}
