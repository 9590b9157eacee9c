import { LakeError } from '../../base/index.ts';
import { icebergTypeOf } from '../catalogd/index.ts';
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
      return { rows: Number(counted.rows[0]?.n ?? 0), columns: columns.rows };
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
  const read = described.columns.map((row) => ({
    name: String(row.column_name),
    engineType: String(row.column_type),
  }));
  requireNames(read.map((column) => column.name));
  return {
    columns: read.map(({ name, engineType }) => ({ name, type: icebergTypeOf(engineType) })),
    path,
    source,
    expression(index, engineType) {
      const column = read[index];
      if (column === undefined) throw new Error('a column beyond the file');
      const name = quoteName(column.name);
      // Nanoseconds are kept by no type of this format version: a value that has some fails the file.
      if (column.engineType !== 'TIMESTAMP_NS') return `CAST(${name} AS ${engineType})`;
      return (
        `CASE WHEN ${name} IS NULL OR epoch_ns(${name}) % 1000 = 0 THEN CAST(${name} AS ${engineType}) ` +
        `ELSE CAST(error('nanoseconds') AS ${engineType}) END`
      );
    },
    expectedRows: described.rows,
    rejectedRows: 0,
    rejections: [],
    quarantineName: null,
  };
}

export function corrupt(cause: unknown): LakeError {
  return new LakeError(ingestErrors.corrupt_file, {
    detail:
      'The Parquet file is damaged, cut off, or holds values this format cannot keep; nothing was kept.',
    cause,
  });
}
