import { type DuckDBConnection, type DuckDBType, DuckDBTypeId, type DuckDBValue } from '@duckdb/node-api';
import { runWritten } from './duckdb-statement.ts';
import { describeType, rowAsJson } from './json-row.ts';

/** A column of an answer. */
export interface TypedColumn {
  readonly name: string;
  readonly type: DuckDBType;
}

/** An answer of at most so many rows, none with a text longer than so many bytes, may go without the pipe. */
export const SHORT_ROWS = 64;
const SHORT_BYTES = 4_096;

/** Types whose values this process writes as the very JSON that the engine writes. */
const DIRECT_TYPES: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.VARCHAR,
]);

/**
 * The rows of a source as lines of JSON; null where they are more or longer than is short. Rows of texts, whole numbers and
 * truth values are fetched as they are: planning the functions that make JSON of them takes longer than making it here.
 */
export async function shortLines(
  connection: DuckDBConnection,
  source: string,
  columns: readonly TypedColumn[],
): Promise<readonly string[] | null> {
  const isDirect = columns.every(({ type }) => DIRECT_TYPES.has(type.typeId) && type.alias !== 'JSON');
  return isDirect ? directLines(connection, source, columns) : textLines(connection, source, columns);
}

/** The rows of a source, each as one JSON text. */
export function rowTexts(source: string, columns: readonly TypedColumn[]): string {
  const described = columns.map(({ name, type }, at) => ({ name, sql: `c${at}`, type: describeType(type) }));
  return `SELECT ${rowAsJson(described)} FROM ${source} AS ${internalNames(columns)}`;
}

/** `r(c0, c1, …)`: names of ours, whatever the answer's are. */
export function internalNames(columns: readonly TypedColumn[]): string {
  return `r(${columns.map((_, at) => `c${at}`).join(', ')})`;
}

async function textLines(connection: DuckDBConnection, source: string, columns: readonly TypedColumn[]) {
  const texts = rowTexts(source, columns);
  const bounded = `SELECT CASE WHEN strlen(t) <= ${SHORT_BYTES} THEN t END FROM (${texts}) AS r(t) LIMIT ${SHORT_ROWS + 1}`;
  const rows = await (await runWritten(connection, bounded)).getRows();
  const lines = rows.map(([text]) => (typeof text === 'string' ? `${text}\n` : null));
  return lines.length <= SHORT_ROWS && lines.every((line) => line !== null) ? lines : null;
}

async function directLines(connection: DuckDBConnection, source: string, columns: readonly TypedColumn[]) {
  const lengths = columns.flatMap(({ type }, at) =>
    type.typeId === DuckDBTypeId.VARCHAR ? [`strlen(c${at})`] : [],
  );
  // The length of a row's longest text comes with it, so that a long one is never made a string of this process.
  const longest = lengths.length === 0 ? '0' : `greatest(${lengths.join(', ')})`;
  const bounded = `SELECT *, ${longest} FROM ${source} AS ${internalNames(columns)} LIMIT ${SHORT_ROWS + 1}`;
  const result = await runWritten(connection, bounded);
  const heads = columns.map(({ name }, at) => `${at === 0 ? '{' : ','}${textAsJson(name)}:`);
  const lines: string[] = [];
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; ) {
    if (!chunk.getColumnValues(columns.length).every(isShortLength)) return null;
    for (const row of chunk.getRows()) {
      lines.push(`${heads.map((head, at) => `${head}${directJson(row[at] ?? null)}`).join('')}}\n`);
    }
    if (lines.length > SHORT_ROWS) return null;
    chunk = await result.fetchChunk();
  }
  return lines;
}

/** Of a row without any text there is no length. */
function isShortLength(length: DuckDBValue): boolean {
  return length === null || Number(length) <= SHORT_BYTES;
}

/** Whole numbers beyond 2^53 as strings, as `rowAsJson` has them. */
function directJson(value: DuckDBValue): string {
  if (typeof value === 'string') return textAsJson(value);
  if (typeof value !== 'bigint') return JSON.stringify(value);
  return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
}

/** As the engine writes it: the codes of control characters in upper case. */
function textAsJson(text: string): string {
  const json = JSON.stringify(text);
  if (!json.includes('\\u00')) return json;
  return json.replace(/\\(?:u00([01][0-9a-f])|.)/g, (whole, code?: string) =>
    code === undefined ? whole : `\\u00${code.toUpperCase()}`,
  );
}
