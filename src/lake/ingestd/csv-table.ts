import { LakeError } from '../../base/index.ts';
import { duckdbTypeOf } from '../catalogd/index.ts';
import { columnNames } from './column-names.ts';
import { ColumnTally } from './column-tally.ts';
import { guessDialect } from './csv-dialect.ts';
import { type CsvRecord, readCsv } from './csv-reader.ts';
import { type CsvDialect, writeRecord } from './csv-record.ts';
import { ingestErrors } from './errors.ts';
import { type ReadableFile, readHead, readText } from './readable-file.ts';
import type { RowSorter } from './row-sorter.ts';
import { accepts, cellTypeOf, checkedCast, expectation } from './value-type.ts';

const SAMPLE_BYTES = 1024 * 1024;
const SAMPLE_RECORDS = 4_000;
/** The engine's own default; its buffers are four lines, so that memory follows the rows that are there. */
const MIN_LINE_BYTES = 2_097_152;
const DIALECT_BYTES = 262_144;
const LINE_ENDS = { '\n': String.raw`'\n'`, '\r\n': String.raw`'\r\n'`, '\r': String.raw`'\r'` } as const;

/** A delimited file and how much of it may be one row. */
export interface CsvFile {
  readonly content: ReadableFile;
  readonly maxRowBytes: number;
  readonly maxColumns: number;
}

export interface CsvOptions {
  readonly delimiter: string | null;
  /** Null: found out. */
  readonly header: boolean | null;
}

export interface CsvColumn {
  readonly name: string;
  /** Iceberg primitive type. */
  readonly type: string;
  /** The type is the dataset's own, not found in this file. */
  readonly isFixed: boolean;
}

/** What spreadsheet programs put before the header, and only they read: `sep=;`. */
const SEPARATOR_LINE = /^\uFEFF?"?sep=.?"?$/i;

/** How a delimited file is to be read. */
export interface CsvTable {
  readonly dialect: CsvDialect;
  readonly hasHeader: boolean;
  readonly columns: readonly CsvColumn[];
  /** Whether the first rows already show that the engine would refuse the file, or misjudge a column. */
  readonly needsSorting: boolean;
  /** A last, empty field stands in every record, so that a row without any value is still a line with something on it. */
  readonly isPadded: boolean;
}

/** Finds out dialect, header, names and likely types from the first rows. Throws `ingest.empty_file`, `ingest.invalid_columns`. */
export async function sampleCsv(
  file: CsvFile,
  options: CsvOptions,
  policy: 'abort' | 'quarantine',
  fixedTypes: ReadonlyMap<string, string>,
): Promise<CsvTable> {
  const head = await readHead(file.content, DIALECT_BYTES);
  const dialect = guessDialect(head.toString('utf8'), { delimiter: options.delimiter });
  const records: CsvRecord[] = [];
  let bytes = 0;
  for await (const record of readCsv(readText(file.content), dialect, file)) {
    records.push(record);
    bytes += record.bytes.length;
    if (bytes > SAMPLE_BYTES || records.length > SAMPLE_RECORDS) break;
  }
  const rows = records.filter((record, index) => index === 0 || record.bytes.length > 0);
  const first = rows[0];
  if (first === undefined || (rows.length === 1 && first.bytes.length === 0)) {
    throw new LakeError(ingestErrors.empty_file, { detail: 'The file holds no column and no row.' });
  }
  if (first.problem === 'not_utf8') throw invalidHeader('is not valid UTF-8');
  if (first.problem !== null) throw invalidHeader('has a quote that does not match');
  if (SEPARATOR_LINE.test(first.bytes.toString('utf8'))) {
    throw invalidHeader('tells a spreadsheet program the delimiter and is no row (remove it)');
  }
  const hasHeader = options.header ?? looksLikeHeader(rows);
  const width = first.fields.length;
  const names = columnNames(hasHeader ? first.fields : first.fields.map(() => null), file.maxColumns);
  const body = hasHeader ? rows.slice(1) : rows;
  const tallies = names.map(() => new ColumnTally());
  // The engine gets files with double quotes alone: records were counted by them while the file came in.
  let needsSorting = dialect.quote !== '"';
  for (const record of body) {
    if (problemOf(record, width) !== null) needsSorting = true;
    else for (const [index, tally] of tallies.entries()) tally.add(record.fields[index] ?? null);
  }
  const columns = names.map((name, index) => {
    const fixed = fixedTypes.get(name.toLowerCase());
    if (fixed !== undefined) return { name, type: fixed, isFixed: true };
    const type = tallies[index]?.type('strict') ?? 'string';
    if (tallies[index]?.type(policy) !== type) needsSorting = true;
    return { name, type, isFixed: false };
  });
  return { dialect, hasHeader, columns, needsSorting, isPadded: false };
}

/** The file as the engine reads it: the text `c<n>` of every column, and `v<n>`, what it reads as in the column's type. */
export function csvSource(path: string, table: CsvTable, options: { longestRowBytes: number }): string {
  const { dialect, columns } = table;
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const names = columns.map((_, index) => `${literal(`c${index}`)}: 'VARCHAR'`);
  const lineBytes = Math.max(MIN_LINE_BYTES, 2 * options.longestRowBytes);
  if (table.isPadded) names.push("'padding': 'VARCHAR'");
  const values = columns.flatMap(({ type }, index) => {
    return type === 'string' ? [] : [`TRY_CAST(c${index} AS ${duckdbTypeOf(type)}) AS v${index}`];
  });
  return (
    `(SELECT ${['*', ...values].join(', ')} FROM read_csv(${literal(path)}, auto_detect=false, header=${table.hasHeader}, delim=${literal(dialect.delimiter)}, ` +
    `quote='"', escape=${literal(dialect.escape)}, new_line=${LINE_ENDS[dialect.lineEnd]}, nullstr='', ` +
    // Strict is the default; said outright, the engine (1.5.6) reads no row of a file with CRLF, without an error.
    `allow_quoted_nulls=false, ` +
    `max_line_size=${lineBytes}, buffer_size=${4 * lineBytes}, columns={${names.join(', ')}}))`
  );
}

/** SQL of one column of `csvSource`. */
export function csvColumn(index: number, column: CsvColumn, engineType: string): string {
  const own = duckdbTypeOf(column.type);
  const checked = checkedCast(`c${index}`, column.type, own, `v${index}`);
  return own === engineType ? checked : `CAST(${checked} AS ${engineType})`;
}

/**
 * Reads every row of the file once to decide the types of the columns by all of their values. Rows that are no rows
 * (ragged, wrong quotes, not UTF-8) do not count.
 */
export async function tallyCsv(
  file: CsvFile,
  table: CsvTable,
  policy: 'abort' | 'quarantine',
): Promise<CsvTable> {
  const tallies = table.columns.map(() => new ColumnTally());
  for await (const record of rowsOf(file, table)) {
    if (problemOf(record, table.columns.length) !== null) continue;
    for (const [index, tally] of tallies.entries()) tally.add(record.fields[index] ?? null);
  }
  const columns = table.columns.map((column, index) =>
    column.isFixed ? column : { ...column, type: tallies[index]?.type(policy) ?? 'string' },
  );
  return { ...table, columns };
}

/** Reads every row once more and sorts it: into a clean file that the engine takes as it is, or out with its reason. */
export async function sortCsv(
  file: CsvFile,
  table: CsvTable,
  sorter: RowSorter,
  signal: AbortSignal,
): Promise<CsvTable> {
  await sorter.begin(writeRecord([...table.columns.map((column) => column.name), null]));
  for await (const record of rowsOf(file, table)) {
    signal.throwIfAborted();
    const fault = faultOf(record, table);
    if (fault === null) await sorter.accept(writeRecord([...record.fields, null]));
    else await sorter.reject({ line: record.line, bytes: record.bytes, ...fault });
  }
  return {
    ...table,
    dialect: { delimiter: ',', quote: '"', escape: '"', lineEnd: '\n' },
    hasHeader: true,
    isPadded: true,
  };
}

async function* rowsOf(file: CsvFile, table: CsvTable): AsyncGenerator<CsvRecord> {
  const blank: CsvRecord[] = [];
  let isFirst = true;
  for await (const record of readCsv(readText(file.content), table.dialect, file)) {
    const skipped = isFirst && table.hasHeader;
    isFirst = false;
    if (skipped) continue;
    if (record.bytes.length > 0) {
      yield* blank.splice(0);
      yield record;
    } else if (table.columns.length === 1) {
      // In a file of one column an empty line is a row without a value, unless nothing follows it any more.
      blank.push(record);
    }
  }
}

function faultOf(record: CsvRecord, table: CsvTable): { column: string | null; reason: string } | null {
  const problem = problemOf(record, table.columns.length);
  if (problem !== null) return { column: null, reason: problem };
  for (const [index, column] of table.columns.entries()) {
    const text = record.fields[index] ?? null;
    if (text === null || (text === '' && column.type !== 'string')) continue;
    if (!accepts(column.type, text))
      return { column: column.name, reason: `not ${expectation(column.type)}` };
  }
  return null;
}

function problemOf(record: CsvRecord, width: number): string | null {
  if (record.problem === 'not_utf8') return 'not valid UTF-8';
  if (record.problem === 'open_quote') return 'a quote is opened and never closed';
  if (record.problem === 'after_quote') return 'text stands behind a closing quote';
  return record.fields.length === width ? null : `${record.fields.length} fields where the file has ${width}`;
}

/**
 * The first row is a header unless some of its cells are of the very type that their column has below (a number above
 * numbers) and none is text above a typed column.
 */
function looksLikeHeader(rows: readonly CsvRecord[]): boolean {
  const [first, ...others] = rows;
  if (first === undefined || others.length === 0) return true;
  let likeBody = 0;
  for (const [index, cell] of first.fields.entries()) {
    const tally = new ColumnTally();
    for (const record of others.slice(0, 500)) tally.add(record.fields[index] ?? null);
    const below = tally.type('strict');
    if (cell === null || cell === '' || below === 'string') continue;
    if (cellTypeOf(cell) === 'string') return true;
    likeBody++;
  }
  return likeBody === 0;
}

function invalidHeader(what: string): LakeError {
  return new LakeError(ingestErrors.rejected_rows, {
    detail: `Line 1 ${what}; the columns cannot be told.`,
    data: { errors: [{ line: 1, column: null, reason: `The first line ${what}.` }] },
  });
}
