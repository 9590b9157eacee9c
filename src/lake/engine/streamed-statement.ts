import { type DuckDBConnection, DuckDBTypeId, StatementType } from '@duckdb/node-api';
import { bind, notStreamable, quoteLiteral, runForValue, uniqueNames } from './duckdb-statement.ts';
import type { EngineColumn, EngineFormat, EngineParameters } from './engine.ts';
import { valueAsJsonText } from './json-row.ts';
import type { StreamedAnswer } from './protocol.ts';
import { internalNames, rowTexts, SHORT_ROWS, shortLines, type TypedColumn } from './short-answer.ts';

/** A query whose rows leave as bytes, in a format. */
export interface StreamedStatement {
  readonly sql: string;
  readonly parameters: EngineParameters;
  readonly format: EngineFormat;
  /** Statements of one shape have the same columns; null where nothing is known of them. */
  readonly shape: string | null;
}

/** Columns of statements by shape; a process keeps one for all of its instances. */
export type KnownColumns = Map<string, readonly TypedColumn[]>;

export interface StreamParts {
  readonly connection: DuckDBConnection;
  readonly known: KnownColumns;
  /**
   * Shapes whose last answer was short, of one instance: how many rows there were is its holder's alone, and never
   * tells another caller anything by the time an answer takes.
   */
  readonly shortShapes: Set<string>;
  readonly pipe: string;
}

/** Types whose values have parts. */
const NESTED_TYPES: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.ARRAY,
  DuckDBTypeId.LIST,
  DuckDBTypeId.MAP,
  DuckDBTypeId.STRUCT,
  DuckDBTypeId.UNION,
]);

const KNOWN_COLUMNS_MAX = 500;
const SHAPE_CHARACTERS_MAX = 16_384;

/**
 * Runs a statement whose rows leave as bytes. The engine itself writes them into the pipe, past JavaScript; but where
 * the last answer of the same shape was short, they are fetched and go with the message that ends the statement: the
 * same bytes, without the engine's writer of files and the pipe, 0.7 ms of a point query. One that is not short after
 * all is run again, into the pipe: nothing of it has left, and no more of it was made than is short.
 */
export async function streamStatement(
  parts: StreamParts,
  request: StreamedStatement,
  announce: (columns: readonly EngineColumn[]) => void,
): Promise<StreamedAnswer> {
  const { connection, pipe, shortShapes } = parts;
  const { shape, parameters, format } = request;
  const types = await columnsOf(connection, request, parts.known);
  const columns = types.map(({ name, type }) => ({ name, type: type.toString() }));
  const source = `(${request.sql}\n)`;
  const mayBeShort = shape !== null && format === 'ndjson' && Object.keys(parameters).length === 0;
  if (mayBeShort && shortShapes.has(shape)) {
    const lines = await shortLines(connection, source, types);
    if (lines !== null) return { rowCount: lines.length, short: { columns, text: lines.join('') } };
    shortShapes.delete(shape);
  }
  announce(columns);
  const copy = copyStatement(format, source, types, quoteLiteral(pipe));
  const rowCount = Number((await runForValue(connection, copy, parameters)) ?? 0);
  if (mayBeShort && rowCount <= SHORT_ROWS) shortShapes.add(shape);
  return { rowCount, short: null };
}

function copyStatement(
  format: EngineFormat,
  source: string,
  columns: readonly TypedColumn[],
  target: string,
): string {
  switch (format) {
    case 'ndjson':
      // One JSON text per line: JSON escapes every control character, so no delimiter and no quote is ever needed.
      return (
        `COPY (${rowTexts(source, columns)}) TO ${target} ` +
        "(FORMAT csv, HEADER false, DELIMITER '\u0001', QUOTE '', ESCAPE '')"
      );
    case 'csv': {
      // What has parts is written as JSON, which every reader of CSV has a parser for; the engine's own notation none has.
      const values = columns.map(({ type }, at) =>
        NESTED_TYPES.has(type.typeId) ? valueAsJsonText(`c${at}`, type) : `c${at}`,
      );
      return copyValues(values, 'FORMAT csv, HEADER true');
    }
    case 'parquet':
      return copyValues(
        columns.map((_, at) => `c${at}`),
        'FORMAT parquet, COMPRESSION zstd',
      );
  }

  function copyValues(values: readonly string[], options: string): string {
    const named = columns.map(({ name }, at) => `${values[at]} AS ${quoteName(name)}`).join(', ');
    return `COPY (SELECT ${named} FROM ${source} AS ${internalNames(columns)}) TO ${target} (${options})`;
  }
}

/** The statement's columns, remembered by its shape: finding them out plans the statement a second time. */
async function columnsOf(
  connection: DuckDBConnection,
  request: StreamedStatement,
  known: KnownColumns,
): Promise<readonly TypedColumn[]> {
  const { shape } = request;
  if (shape === null || shape.length > SHAPE_CHARACTERS_MAX) return columnTypes(connection, request);
  const columns = known.get(shape) ?? (await columnTypes(connection, request));
  if (known.size >= KNOWN_COLUMNS_MAX) known.clear();
  known.set(shape, columns);
  return columns;
}

/** Names (made unique) and types of a statement's answer, without running it. */
async function columnTypes(
  connection: DuckDBConnection,
  request: { sql: string; parameters: EngineParameters },
): Promise<TypedColumn[]> {
  if (Object.keys(request.parameters).length > 0) return columnTypesOfEmptyRun(connection, request);
  const statement = await connection.prepare(request.sql);
  try {
    if (statement.statementType !== StatementType.SELECT) throw notStreamable();
    const count = statement.columnCount;
    const names = uniqueNames(Array.from({ length: count }, (_, at) => statement.columnName(at)));
    return names.map((name, at) => ({ name, type: statement.columnType(at) }));
  } finally {
    statement.destroySync();
  }
}

/** A parameter's type is known only with its value, so the columns of such a statement are those of an empty run. */
async function columnTypesOfEmptyRun(
  connection: DuckDBConnection,
  request: { sql: string; parameters: EngineParameters },
): Promise<TypedColumn[]> {
  // Parsed by itself first: only one whole statement may stand between the brackets that follow.
  if ((await connection.extractStatements(request.sql)).count !== 1) throw notStreamable();
  const empty = await connection.prepare(`SELECT * FROM (${request.sql}\n) LIMIT 0`);
  try {
    bind(empty, request.parameters);
    const result = await empty.run();
    const names = uniqueNames(result.columnNames());
    return result.columnTypes().map((type, at) => ({ name: names[at] ?? '', type }));
  } finally {
    empty.destroySync();
  }
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
