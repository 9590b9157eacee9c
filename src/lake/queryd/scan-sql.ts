import { LakeError } from '../../base/index.ts';
import { duckdbTypeOf, type IcebergField, type ScanFile, type ScanPlan } from '../catalogd/index.ts';
import { queryErrors } from './errors.ts';
import { SCAN_ALIAS, storedName } from './policy-expression.ts';

/**
 * Ends a scan so that the engine moves no expression of the query below the policy's filter (K-3b). Columns that the
 * query computes with are made flat below it, see exposed-columns.ts.
 */
const BARRIER = 'LIMIT 9223372036854775807';

/** The engine's virtual column of a row's place in its file. Read by field id, no stored column can shadow it. */
const ROW_NUMBER = 'file_row_number';

export interface ScanParts {
  readonly plan: ScanPlan;
  /** What the query sees: each column's name and its SQL over the stored columns. */
  readonly columns: readonly { readonly name: string; readonly sql: string }[];
  /** A condition over the stored columns; null for none. */
  readonly where: string | null;
  /** Null for no barrier; else the fields whose vectors must hold nothing of hidden rows above it. */
  readonly barrier: { readonly flat: readonly IcebergField[] } | null;
  /** Names of files registered in place, whose columns are found by name: by field id. */
  readonly storedNames: ReadonlyMap<number, string>;
}

/** The SELECT that reads one table reference: files of the snapshot, less deletes, filtered, masked. */
export function scanSql(parts: ScanParts): string {
  const columns = parts.columns.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`);
  const where = parts.where === null ? '' : ` WHERE ${parts.where}`;
  const rows = `${source(parts)} AS ${SCAN_ALIAS}`;
  if (parts.barrier === null) return `SELECT ${columns.join(', ')} FROM ${rows}${where}`;
  const { flat } = parts.barrier;
  const stored = parts.plan.schema.fields.map((field) => {
    const name = `${SCAN_ALIAS}.${storedName(field.id)}`;
    return `${flat.includes(field) ? flattened(name) : name} AS ${storedName(field.id)}`;
  });
  const from =
    flat.length === 0
      ? `${rows}${where}`
      : `(SELECT ${stored.join(', ')} FROM ${rows}${where}) AS ${SCAN_ALIAS}`;
  return `SELECT ${columns.join(', ')} FROM ${from} ${BARRIER}`;
}

/**
 * The same value in a vector of its own, row by row: the engine evaluates a function of two arguments on rows only and
 * never on dictionaries, and `greatest` takes every type. Measured: `coalesce`, CASE and a list of one keep the
 * dictionary; a materialised CTE loses it, at three times the cost.
 */
function flattened(column: string): string {
  return `greatest(${column}, ${column})`;
}

/** Every file the scan reads: exactly what the engine instance is allowed to open. */
export function scanFiles(plan: ScanPlan): readonly string[] {
  return [...new Set(plan.files.flatMap((file) => [file.path, ...file.deleteFiles]))];
}

function source(parts: ScanParts): string {
  const { fields } = parts.plan.schema;
  const { files } = parts.plan;
  const clean = files.filter((file) => file.deleteFiles.length === 0);
  const byId = clean.filter((file) => file.hasFieldIds);
  const byName = clean.filter((file) => !file.hasFieldIds);
  const branches = [
    ...(byId.length > 0 ? [readById(fields, byId)] : []),
    ...(byName.length > 0 ? [readByName(parts, byName)] : []),
    ...files.filter((file) => file.deleteFiles.length > 0).map((file) => readWithDeletes(parts, file)),
  ];
  const [only] = branches;
  if (only === undefined) return `(${empty(fields)})`;
  if (branches.length === 1) return only;
  return `(${branches.map((branch) => `SELECT * FROM ${branch} AS b`).join(' UNION ALL ')})`;
}

function readById(fields: readonly IcebergField[], files: readonly ScanFile[]): string {
  const schema = fields.map(
    ({ id, type }) =>
      `${id}: {name: '${storedName(id)}', type: ${quoteText(duckdbTypeOf(type))}, default_value: NULL}`,
  );
  return `read_parquet(${fileList(files)}, schema = MAP {${schema.join(', ')}}, hive_partitioning = false)`;
}

/** A file registered in place has no field ids: its columns have the names they had when it was registered. */
function readByName(parts: ScanParts, files: readonly ScanFile[], rowNumber = false): string {
  const columns = parts.plan.schema.fields.map(({ id, type }) => {
    const name = parts.storedNames.get(id);
    const value = name === undefined ? 'NULL' : quoteName(name);
    return `CAST(${value} AS ${duckdbTypeOf(type)}) AS ${storedName(id)}`;
  });
  if (rowNumber) columns.push(ROW_NUMBER);
  return `(SELECT ${columns.join(', ')} FROM read_parquet(${fileList(files)}, hive_partitioning = false))`;
}

/** Position deletes (spec, "Position Delete Files"): rows of this file whose number a delete file names are left out. */
function readWithDeletes(parts: ScanParts, file: ScanFile): string {
  const { fields } = parts.plan.schema;
  const shadowed = [...parts.storedNames.values()].some((name) => name.toLowerCase() === ROW_NUMBER);
  if (!file.hasFieldIds && shadowed) throw unsupportedDeletes();
  const rows = file.hasFieldIds ? readById(fields, [file]) : readByName(parts, [file], true);
  const paths = [file.path, `file://${file.path}`].map(quoteText).join(', ');
  const deletes = `SELECT pos FROM read_parquet([${file.deleteFiles.map(quoteText).join(', ')}]) WHERE file_path IN (${paths})`;
  const columns = fields.map(({ id }) => `r.${storedName(id)}`).join(', ');
  return `(SELECT ${columns} FROM ${rows} AS r ANTI JOIN (${deletes}) AS d ON r.${ROW_NUMBER} = d.pos)`;
}

function unsupportedDeletes(): LakeError {
  return new LakeError(queryErrors.not_supported, {
    detail: `A file with deleted rows was registered with a column named ${ROW_NUMBER}; ingest it to read it.`,
  });
}

function empty(fields: readonly IcebergField[]): string {
  const columns = fields.map(({ id, type }) => `CAST(NULL AS ${duckdbTypeOf(type)}) AS ${storedName(id)}`);
  return `SELECT ${columns.join(', ')} WHERE false`;
}

function fileList(files: readonly ScanFile[]): string {
  return `[${files.map(({ path }) => quoteText(path)).join(', ')}]`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
