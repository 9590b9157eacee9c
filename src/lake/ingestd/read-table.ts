import { LakeError } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { SystemFiles } from '../storaged/index.ts';
import {
  type CsvFile,
  type CsvTable,
  csvColumn,
  csvSource,
  sampleCsv,
  sortCsv,
  tallyCsv,
} from './csv-table.ts';
import { ingestErrors } from './errors.ts';
import type { FileFormat } from './file-format.ts';
import type { FileTable } from './file-table.ts';
import type { IngestEngine } from './ingest-engine.ts';
import type { IngestInput } from './ingest-input.ts';
import { readJsonTable } from './json-table.ts';
import { readParquetTable } from './parquet-table.ts';
import { pathOf, type ReadableFile } from './readable-file.ts';
import { RowSorter } from './row-sorter.ts';
import type { Upload } from './upload.ts';

/** What reading a file needs to know. */
export interface ReadRequest {
  readonly id: string;
  readonly upload: Upload;
  readonly format: FileFormat;
  readonly input: IngestInput;
  /** Column name in lower case → the primitive type it has in the dataset. */
  readonly targets: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
}

export interface TableReaderParts {
  readonly files: SystemFiles;
  readonly engine: IngestEngine;
  readonly config: Config['ingest'];
}

/**
 * Ways to read one file, from the fast one on: each is tried where the engine refused the one before. Delimited files
 * are read by the engine alone as long as it accepts every value; only a file that it refuses is read row by row.
 */
export async function* readTables(parts: TableReaderParts, request: ReadRequest): AsyncGenerator<FileTable> {
  const { upload, format } = request;
  const content: ReadableFile = { files: parts.files, ...upload.readable };
  if (format === 'parquet') {
    const { max_rows: maxRows, max_columns: maxColumns } = parts.config;
    yield await readParquetTable(pathOf(content), { ...parts, signal: request.signal, maxRows, maxColumns });
  } else if (format === 'json' || format === 'ndjson') {
    yield await readJson(parts, request, content);
  } else {
    yield* readDelimited(parts, request, content);
  }
}

async function readJson(
  parts: TableReaderParts,
  request: ReadRequest,
  content: ReadableFile,
): Promise<FileTable> {
  const { format, upload } = request;
  const shape = upload.kind.kind === 'json_array' ? 'array' : format === 'json' ? 'objects' : 'lines';
  const limits = {
    maxRowBytes: parts.config.max_row_bytes,
    maxDepth: parts.config.max_depth,
    maxColumns: parts.config.max_columns,
  };
  return withSorter(parts, request, (sorter) =>
    readJsonTable({ content, shape, limits }, sorter, {
      engine: parts.engine,
      signal: request.signal,
      targets: request.targets,
      pathOfClean: (name) => parts.files.path('work', name),
    }),
  );
}

async function* readDelimited(
  parts: TableReaderParts,
  request: ReadRequest,
  content: ReadableFile,
): AsyncGenerator<FileTable> {
  const { input, format, upload } = request;
  const { max_row_bytes: maxRowBytes, max_columns: maxColumns } = parts.config;
  const file: CsvFile = { content, maxRowBytes, maxColumns };
  const given = input.delimiter === 'tab' ? '\t' : input.delimiter;
  const options = { delimiter: given ?? (format === 'tsv' ? '\t' : null), header: input.header ?? null };
  const sampled = await sampleCsv(file, options, input.on_error, request.targets);
  if (format === 'tsv' && given === undefined) await requireTabs(file, sampled, request);
  if (!sampled.needsSorting && upload.isUtf8) {
    yield csvTable(pathOf(content), sampled, {
      longestRowBytes: upload.longestRecordBytes,
      rows: upload.recordCount - (sampled.hasHeader ? 1 : 0),
    });
  }
  const tallied = await tallyCsv(file, sampled, input.on_error);
  yield await withSorter(parts, request, async (sorter) => {
    const clean = await sortCsv(file, tallied, sorter, request.signal);
    const sorted = await sorter.finish();
    const path = parts.files.path('work', sorted.cleanName);
    return { ...csvTable(path, clean, { ...sorted, rows: sorted.acceptedRows }), ...sorted };
  });
}

function csvTable(
  path: string,
  table: CsvTable,
  facts: { longestRowBytes: number; rows: number },
): FileTable {
  return {
    columns: table.columns,
    path,
    source: csvSource(path, table, facts),
    expectedRows: facts.rows,
    expression(index, engineType) {
      const column = table.columns[index];
      if (column === undefined) throw new Error('a column beyond the file');
      return csvColumn(index, column, engineType);
    },
    rejectedRows: 0,
    rejections: [],
    quarantineName: null,
  };
}

/** A file named .tsv in which no tab separates anything, but something else does, is not what its name says. */
async function requireTabs(file: CsvFile, sampled: CsvTable, request: ReadRequest): Promise<void> {
  if (sampled.columns.length > 1) return;
  const options = { delimiter: null, header: request.input.header ?? null };
  const guessed = await sampleCsv(file, options, 'abort', request.targets);
  if (guessed.columns.length === 1) return;
  throw new LakeError(ingestErrors.content_mismatch, {
    detail: `The file claims to be tsv, but its fields are separated by ${JSON.stringify(guessed.dialect.delimiter)}.`,
  });
}

async function withSorter(
  parts: TableReaderParts,
  request: ReadRequest,
  work: (sorter: RowSorter) => Promise<FileTable>,
): Promise<FileTable> {
  const sorter = await RowSorter.open(parts.files, {
    id: request.id,
    onError: request.input.on_error,
    maxBytes: parts.config.max_bytes,
  });
  try {
    return await work(sorter);
  } catch (error) {
    await sorter.abandon();
    throw error;
  }
}
