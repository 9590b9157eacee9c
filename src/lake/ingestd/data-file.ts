import { join } from 'node:path';
import {
  type CopyStatistics,
  dataFileOf,
  duckdbFieldIds,
  duckdbTypeOf,
  type IcebergField,
  type IcebergSchema,
  type NewDataFile,
} from '../catalogd/index.ts';
import type { SystemFiles } from '../storaged/index.ts';
import { type FileTable, quoteName, quoteText } from './file-table.ts';
import type { IngestEngine } from './ingest-engine.ts';
import { rowGroupOptions } from './row-group.ts';

/** A data file, with the sampled rows that detectors look at. */
export interface WrittenRows {
  readonly file: NewDataFile;
  readonly fields: readonly IcebergField[];
  /** By name of the column. */
  readonly samples: readonly Readonly<Record<string, unknown>>[];
}

/** The name of the file that holds the rows of an ingest. */
export function dataFileName(ingestId: string): string {
  return `${ingestId}.parquet`;
}

/**
 * Copies a file's rows into one Parquet file of the table, with field ids, and makes it durable: engine's write →
 * fsync of the file → fsync of its folder. Nothing refers to it until the commit names it.
 */
export async function writeDataFile(parts: {
  engine: IngestEngine;
  files: SystemFiles;
  table: FileTable;
  schema: IcebergSchema;
  folder: string;
  id: string;
  sampleRows: number;
  /** Of the file, uncompressed where it is text. */
  contentBytes: number;
  memoryLimitMb: number;
  signal: AbortSignal;
}): Promise<WrittenRows> {
  const { table, schema, files } = parts;
  const path = join(parts.folder, dataFileName(parts.id));
  const chosen = columnsOf(table, schema);
  const select = chosen.map(({ index, field }) => {
    return `${table.expression(index, duckdbTypeOf(field.type))} AS ${quoteName(field.name)}`;
  });
  const fields = chosen.map(({ field }) => field);
  const content = { columns: fields.length, rows: table.expectedRows, sizeBytes: parts.contentBytes };
  const copy =
    `COPY (SELECT ${select.join(', ')} FROM ${table.source}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, ` +
    `${rowGroupOptions(content, parts.memoryLimitMb)}, USE_TMP_FILE false, FIELD_IDS ${duckdbFieldIds({ fields })}, ` +
    `KV_METADATA {'iceberg.schema': ${quoteText(JSON.stringify({ ...schema, fields }))}}, RETURN_STATS true)`;
  try {
    const request = { readFiles: [table.path, path], writeFiles: [path], signal: parts.signal };
    const { statistics, samples, sizeBytes } = await parts.engine.run(request, async (lease) => {
      const written = await lease.query(copy);
      const all = Number(written.rows[0]?.count ?? 0);
      // The file goes to the disk while rows of it are looked at.
      const [sampled, sealedBytes] = await Promise.all([
        lease.query(sampleOf(path, fields, { wanted: parts.sampleRows, all })),
        files.sealDataFile(path),
      ]);
      return { statistics: written.rows[0], samples: sampled.rows, sizeBytes: sealedBytes };
    });
    const file = dataFileOf({ fields }, path, {
      ...(statistics as unknown as CopyStatistics),
      file_size_bytes: sizeBytes,
    });
    return { file, fields, samples };
  } catch (error) {
    await files.removeDataFile(path);
    throw error;
  }
}

/** The file's columns with the fields of the schema they go into, in the schema's order. */
function columnsOf(
  table: FileTable,
  schema: IcebergSchema,
): readonly { index: number; field: IcebergField }[] {
  const indexes = new Map(table.columns.map((column, index) => [column.name.toLowerCase(), index]));
  return schema.fields.flatMap((field) => {
    const index = indexes.get(field.name.toLowerCase());
    return index === undefined ? [] : [{ index, field }];
  });
}

/** Rows from the beginning, the middle and the end: a sorted file's first rows say little about the rest. */
function sampleOf(
  path: string,
  fields: readonly IcebergField[],
  rows: { wanted: number; all: number },
): string {
  const columns = fields.map((field) => quoteName(field.name)).join(', ');
  const source = `SELECT ${columns} FROM read_parquet(${quoteText(path)})`;
  if (rows.all <= rows.wanted) return source;
  // A column of the virtual one's name hides it.
  if (fields.some((field) => field.name.toLowerCase() === 'file_row_number'))
    return `${source} LIMIT ${rows.wanted}`;
  const part = Math.ceil(rows.wanted / 3);
  const starts = [0, Math.floor((rows.all - part) / 2), rows.all - part];
  return starts
    .map((start) => `${source} WHERE file_row_number >= ${start} AND file_row_number < ${start + part}`)
    .join(' UNION ALL ');
}
