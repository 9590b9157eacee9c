import type { KeyObject } from 'node:crypto';
import { maskHashBlocks } from '../../govern/access/index.ts';
import {
  type DatasetDecision,
  type ReadScope,
  requireOpenScope,
  type WriteScope,
} from '../../govern/scope/index.ts';
import type { Catalog, IcebergField, IcebergSchema, PinnedDataset, ScanPlan } from '../catalogd/index.ts';
import type { EnginePool } from '../engine/index.ts';
import { conjunctsFor } from './copy-down.ts';
import { exposedColumns } from './exposed-columns.ts';
import { harmlessFilter, harmlessQuery } from './harmless.ts';
import { columnSql, isMasked, maskedNames } from './masked-column.ts';
import { isOrderFree } from './order-free.ts';
import { hasParameter, type NamedParameters } from './parameters.ts';
import type { PlannedQuery, PlannedTable } from './plan-query.ts';
import { bindPolicyExpression } from './policy-expression.ts';
import { pruneFiles } from './prune-files.ts';
import { scanFields } from './scan-fields.ts';
import { quoteName, scanFiles, scanSql } from './scan-sql.ts';
import { giveSecretNames, type SecretNames } from './secret-names.ts';
import { requireAllowedQuery } from './statement-gate.ts';
import { isNode, nodesOf, parseTree, type SyntaxNode, textOf, textsOf, visit } from './syntax-tree.ts';
import { findTableReferences } from './table-references.ts';
import { writeExpression } from './write-expression.ts';
import { type GovernedSql, writeValues } from './written-values.ts';

/** A planned query with a scan under the caller's decision for each of its tables. */
export interface ScannedQuery {
  readonly planned: PlannedQuery;
  readonly names: SecretNames;
  readonly scans: readonly TableScan[];
  readonly readFiles: readonly string[];
  readonly plannedBytes: number;
  readonly preserveOrder: boolean;
  /** Values or rows are hidden from the caller, so their statistics must not choose the plan. */
  readonly blindPlan: boolean;
  /** Versions of the policy that the decisions over its tables were made under. */
  readonly policyVersions: readonly number[];
  /** `dataset.column`, each once. */
  readonly maskedColumns: readonly string[];
  /** Snapshot read of each dataset, by name; null for one without rows. */
  readonly snapshots: Readonly<Record<string, string | null>>;
}

export interface RewriteDeps {
  readonly engine: EnginePool;
  readonly catalog: Pick<Catalog, 'scan' | 'requireFiles'>;
  /** The key of the names inside queries, made anew at each start and known to no one. */
  readonly nameKey: KeyObject;
  /** The key of join-preserving hashes. */
  readonly maskKey: () => Uint8Array;
}

/** Plans the scan of every table under the caller's decision: all that an engine process must know before the SQL. */
export async function scanTables(
  deps: RewriteDeps,
  scope: ReadScope | WriteScope,
  planned: PlannedQuery,
  signal: AbortSignal,
): Promise<ScannedQuery> {
  requireOpenScope(scope);
  const query = planned.statement.node as SyntaxNode;
  await nameUnnamed(deps, signal, query);
  const names = giveSecretNames(deps.nameKey, planned);
  const scans: TableScan[] = [];
  for (const table of planned.tables) {
    scans.push(await planTable(deps, scope, { query, table, parameters: names.parameters, signal }));
  }
  return {
    planned,
    names,
    scans,
    readFiles: [...new Set(scans.flatMap(({ plan }) => scanFiles(plan)))],
    plannedBytes: planned.tables.reduce((sum, { pinned }) => sum + pinned.plannedBytes, 0),
    preserveOrder: !isOrderFree(query),
    blindPlan: scans.some((scan) => scan.hides),
    policyVersions: [...new Set(scans.map((scan) => scan.policyVersion))],
    maskedColumns: [...new Set(scans.flatMap((scan) => scan.maskedColumns))],
    snapshots: Object.fromEntries(planned.tables.map(({ pinned }) => [pinned.facts.name, pinned.snapshotId])),
  };
}

/**
 * Replaces every table of a query by its scan. The text that will run is parsed again and checked: no table but our own
 * scans and the query's own CTEs.
 */
export async function rewriteQuery(
  deps: RewriteDeps,
  scope: ReadScope | WriteScope,
  { planned, names, scans, blindPlan }: ScannedQuery,
  signal: AbortSignal,
): Promise<GovernedSql> {
  requireOpenScope(scope);
  const query = planned.statement.node as SyntaxNode;
  if (blindPlan) sampleByRow(query);
  for (const [at, { table }] of scans.entries()) pointAt(query, table.node, names.scan(at));
  const { sql, ast } = await deps.engine.deparse(
    JSON.stringify({ error: false, statements: [planned.statement] }),
    signal,
  );
  const own = new Set(scans.map((_, at) => names.scan(at)));
  requireOnlyScans(requireAllowedQuery(parseTree(ast), sql).node as SyntaxNode, own);
  const ctes = scans.map((scan, at) => `${quoteName(names.scan(at))} AS NOT MATERIALIZED (${scan.sql})`);
  const head = ctes.length === 0 ? '' : `WITH ${ctes.join(', ')} `;
  const text = `${head}SELECT * FROM (${sql}\n) AS ${quoteName(names.answer)}`;
  // In a plain query parameters are compared with columns and nothing else, so that no type comes from their values.
  const isPlain = scans.length === 1 && scans.every((scan) => scan.isPlain);
  return { ...writeValues(text, names), shape: isPlain ? text : null };
}

interface TableScan {
  readonly table: PlannedTable;
  readonly plan: ScanPlan;
  readonly sql: string;
  /** Whether the query could find out about what the scan hides, were it not for the barrier. */
  readonly hides: boolean;
  /** Whether the query is of plain columns and aggregates over this table alone, with harmless predicates. */
  readonly isPlain: boolean;
  readonly policyVersion: number;
  readonly maskedColumns: readonly string[];
}

async function planTable(
  deps: RewriteDeps,
  scope: ReadScope | WriteScope,
  parts: { query: SyntaxNode; table: PlannedTable; parameters: NamedParameters; signal: AbortSignal },
): Promise<TableScan> {
  const { query, table, parameters, signal } = parts;
  const { pinned, fieldIds } = table;
  const { schema } = pinned;
  const decision = scope.decision(pinned.facts.datasetId, 'read');
  const own = { node: table.node, schema, masks: decision.masks };
  const whole = await deps.catalog.scan(scope, pinned);
  const filters = decision.rowFilters.map((filter) => bindPolicyExpression(filter, schema));
  const copied = filters.every((filter) => harmlessFilter(filter, schema))
    ? conjunctsFor(query, own, parameters)
    : [];
  const plan = { ...whole, files: pruneFiles(whole.files, copied, schema, parameters) };
  const masks = maskExpressions(decision, schema);
  const fields = scanFields(schema, fieldIds, [...filters, ...masks.values()]);
  const expressions = new Map<number, string>();
  for (const [fieldId, mask] of masks) {
    expressions.set(fieldId, `(${await writeExpression(deps.engine, mask, signal)})`);
  }
  const blocks = maskHashBlocks(deps.maskKey());
  const context = {
    masks: decision.masks,
    hash: { inner: `unhex('${blocks.innerHex}')`, outer: `unhex('${blocks.outerHex}')` },
    expressions,
  };
  const hides = filters.length > 0 || whole.files.some((file) => file.deleteFiles.length > 0);
  const isPlain = harmlessQuery(query, own, parameters);
  const harmless =
    filters.every((filter) => harmlessFilter(filter, schema)) && expressions.size === 0 && isPlain;
  const flat = expressions.size > 0 ? fields.read : exposedColumns(query, own, parameters);
  const sql = scanSql({
    plan: { ...plan, schema: { ...schema, fields: fields.read } },
    columns: fields.shown.map((field) => ({ name: field.name, sql: columnSql(field, context) })),
    where: await conditionSql(deps, signal, [...filters, ...copied]),
    barrier: (hides || expressions.size > 0) && !harmless ? { flat } : null,
    storedNames: registeredNames(pinned),
  });
  const touched =
    fieldIds === undefined ? schema.fields : schema.fields.filter(({ id }) => fieldIds.includes(id));
  const maskedColumns = maskedColumnsOf(pinned, touched, decision);
  return {
    table,
    plan,
    sql,
    hides: (hides || maskedColumns.length > 0) && !harmless,
    isPlain,
    policyVersion: decision.policyVersion,
    maskedColumns,
  };
}

function maskedColumnsOf(
  pinned: PinnedDataset,
  touched: readonly IcebergField[],
  decision: DatasetDecision,
): readonly string[] {
  return touched
    .filter((field) => isMasked(field, decision.masks))
    .flatMap((field) => maskedNames(field, decision.masks))
    .map((name) => `${pinned.facts.name}.${name}`);
}

/** The masks that are expressions of the policy's own, by field id. */
function maskExpressions(decision: DatasetDecision, schema: IcebergSchema): ReadonlyMap<number, SyntaxNode> {
  const bound = new Map<number, SyntaxNode>();
  for (const mask of decision.masks.values()) {
    if (mask.method !== 'expression' || mask.expression === null) continue;
    bound.set(mask.fieldId, bindPolicyExpression(mask.expression, schema));
  }
  return bound;
}

async function conditionSql(
  deps: RewriteDeps,
  signal: AbortSignal,
  parts: readonly SyntaxNode[],
): Promise<string | null> {
  const [first] = parts;
  if (first === undefined) return null;
  const all =
    parts.length === 1
      ? first
      : { class: 'CONJUNCTION', type: 'CONJUNCTION_AND', alias: '', query_location: 0, children: parts };
  return `(${await writeExpression(deps.engine, all, signal)})`;
}

/** A sample of whole batches would show where hidden rows lie, since they shape the batches. */
function sampleByRow(query: SyntaxNode): void {
  visit(query, (node) => {
    if (isNode(node.sample) && textOf(node.sample, 'method') === 'System') node.sample.method = 'Bernoulli';
  });
}

/**
 * The engine names a column without an alias after its expression's text, subqueries and parameters included. Such
 * columns get that text as their alias while it still says what the caller wrote, so that no name of ours shows.
 */
async function nameUnnamed(deps: RewriteDeps, signal: AbortSignal, query: SyntaxNode): Promise<void> {
  const unnamed: SyntaxNode[] = [];
  visit(query, (node) => {
    if (textOf(node, 'type') !== 'SELECT_NODE') return;
    for (const item of nodesOf(node, 'select_list')) {
      const names = textOf(item, 'alias') !== '' || textOf(item, 'class') === 'STAR';
      if (!names && (hasParameter(item) || findTableReferences(item).length > 0)) unnamed.push(item);
    }
  });
  const texts: string[] = [];
  for (const item of unnamed) texts.push(await writeExpression(deps.engine, item, signal));
  for (const [at, item] of unnamed.entries()) item.alias = texts[at] ?? '';
}

/** Files registered in place keep the names of the schema they were registered with. */
function registeredNames(pinned: PinnedDataset): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  const schemas = [...pinned.facts.history]
    .sort((a, b) => a.sinceMs - b.sinceMs)
    .map(({ columns }) => columns);
  for (const column of [...schemas.flat(), ...pinned.facts.columns]) {
    const [name] = column.path;
    if (name !== undefined && column.path.length === 1 && !names.has(column.fieldId))
      names.set(column.fieldId, name);
  }
  return names;
}

/** Points a table reference at a scan, under the name the caller's SQL knows it by. */
function pointAt(query: SyntaxNode, table: SyntaxNode, scan: string): void {
  const name = textOf(table, 'table_name');
  const schema = textOf(table, 'schema_name');
  if (textOf(table, 'alias') === '') {
    table.alias = name;
    if (schema !== '') unqualify(query, [schema, name]);
  }
  table.table_name = scan;
  table.schema_name = '';
  table.catalog_name = '';
  table.at_clause = null;
}

/** `sales.orders.id` becomes `orders.id`: a scan is known by the last part of its dataset's name. */
function unqualify(query: SyntaxNode, [schema, name]: readonly [string, string]): void {
  visit(query, (node) => {
    const parts = textsOf(node, 'column_names');
    const qualified =
      parts.length > 2 &&
      parts[0]?.toLowerCase() === schema.toLowerCase() &&
      parts[1]?.toLowerCase() === name.toLowerCase();
    if (qualified) node.column_names = parts.slice(1);
  });
}

/** The check of what will run. A table that is none of ours here is a defect, not the caller's mistake. */
function requireOnlyScans(query: SyntaxNode, names: ReadonlySet<string>): void {
  for (const { node, name } of findTableReferences(query)) {
    if (!names.has(name) || isNode(node.at_clause))
      throw new Error('the rewritten query reads a table of its own');
  }
}
