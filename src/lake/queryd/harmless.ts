import type { DatasetDecision } from '../../govern/scope/index.ts';
import type { IcebergField, IcebergSchema } from '../catalogd/index.ts';
import { type NamedParameters, parameterValue } from './parameters.ts';
import { seenFieldOf, tableNames } from './seen-field.ts';
import { isNode, nodesOf, type SyntaxNode, textOf, textsOf } from './syntax-tree.ts';

/**
 * The closed list of predicates that cannot fail on any row: a stored column compared with a constant of its own kind,
 * IN a list of such, BETWEEN two of them, or IS [NOT] NULL. Only these may be evaluated on rows that the policy hides
 * (K-3b): whatever they are evaluated on, the query's success and answer do not depend on it.
 */
export function harmlessPredicate(
  node: SyntaxNode,
  fieldOf: (reference: SyntaxNode) => IcebergField | null,
  parameters: NamedParameters,
): boolean {
  const column = (value: unknown) =>
    isNode(value) && textOf(value, 'class') === 'COLUMN_REF' ? fieldOf(value) : null;
  const fits = (field: IcebergField | null, value: unknown) =>
    field !== null && isNode(value) && isConstantFor(field, value, parameters);
  switch (textOf(node, 'class')) {
    case 'COMPARISON':
      if (!COMPARISONS.has(textOf(node, 'type'))) return false;
      return fits(column(node.left), node.right) || fits(column(node.right), node.left);
    case 'BETWEEN':
      return fits(column(node.input), node.lower) && fits(column(node.input), node.upper);
    case 'OPERATOR': {
      const [first, ...rest] = nodesOf(node, 'children');
      const field = column(first);
      const type = textOf(node, 'type');
      if (type === 'OPERATOR_IS_NULL' || type === 'OPERATOR_IS_NOT_NULL') return field !== null;
      return (
        (type === 'COMPARE_IN' || type === 'COMPARE_NOT_IN') && rest.every((value) => fits(field, value))
      );
    }
    default:
      return false;
  }
}

const COMPARISONS: ReadonlySet<string> = new Set([
  'COMPARE_EQUAL',
  'COMPARE_NOTEQUAL',
  'COMPARE_LESSTHAN',
  'COMPARE_GREATERTHAN',
  'COMPARE_LESSTHANOREQUALTO',
  'COMPARE_GREATERTHANOREQUALTO',
  'COMPARE_DISTINCT_FROM',
  'COMPARE_NOT_DISTINCT_FROM',
]);

/** Whether a policy's bound expression is made of harmless predicates joined by AND, OR and NOT alone. */
export function harmlessFilter(node: SyntaxNode, schema: IcebergSchema): boolean {
  if (textOf(node, 'class') === 'CONJUNCTION') {
    return nodesOf(node, 'children').every((part) => harmlessFilter(part, schema));
  }
  if (textOf(node, 'type') === 'OPERATOR_NOT') {
    return nodesOf(node, 'children').every((part) => harmlessFilter(part, schema));
  }
  return harmlessPredicate(node, (reference) => storedField(reference, schema), {});
}

function storedField(reference: SyntaxNode, schema: IcebergSchema): IcebergField | null {
  const names = textsOf(reference, 'column_names');
  const id = names.length === 2 ? Number(/^c(\d+)$/.exec(names[1] ?? '')?.[1]) : Number.NaN;
  return schema.fields.find((field) => field.id === id) ?? null;
}

/** Constants that the engine turns into the column's type while it plans, never while it reads rows. */
function isConstantFor(field: IcebergField, node: SyntaxNode, parameters: NamedParameters): boolean {
  const kind = constantKind(node, parameters);
  if (kind === null || typeof field.type !== 'string') return false;
  return (CONSTANTS_FOR[field.type] ?? []).includes(kind);
}

type ConstantKind =
  | 'integer'
  | 'decimal'
  | 'double'
  | 'text'
  | 'boolean'
  | 'date'
  | 'timestamp'
  | 'timestamptz';

const CONSTANTS_FOR: Readonly<Record<string, readonly ConstantKind[]>> = {
  boolean: ['boolean'],
  int: ['integer'],
  long: ['integer'],
  float: ['integer', 'decimal', 'double'],
  double: ['integer', 'decimal', 'double'],
  string: ['text'],
  date: ['text', 'date'],
  timestamp: ['text', 'timestamp'],
  timestamptz: ['text', 'timestamptz'],
};

const CONSTANT_TYPES: Readonly<Record<string, ConstantKind>> = {
  INTEGER: 'integer',
  BIGINT: 'integer',
  HUGEINT: 'integer',
  DECIMAL: 'decimal',
  DOUBLE: 'double',
  VARCHAR: 'text',
};
const CAST_TYPES: Readonly<Record<string, ConstantKind>> = {
  BOOLEAN: 'boolean',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
};

function constantKind(node: SyntaxNode, parameters: NamedParameters): ConstantKind | null {
  switch (textOf(node, 'class')) {
    case 'CONSTANT': {
      const value = isNode(node.value) ? node.value : {};
      if (value.is_null !== false || !isNode(value.type)) return null;
      return CONSTANT_TYPES[textOf(value.type, 'id')] ?? null;
    }
    case 'CAST': {
      const inner = isNode(node.child) ? constantKind(node.child, parameters) : null;
      if (inner !== 'text' || !isNode(node.cast_type)) return null;
      return CAST_TYPES[textOf(node.cast_type, 'id')] ?? null;
    }
    case 'PARAMETER': {
      const value = parameterValue(node, parameters);
      if (typeof value === 'string') return 'text';
      if (typeof value === 'boolean') return 'boolean';
      if (typeof value !== 'number') return null;
      return Number.isSafeInteger(value) ? 'integer' : 'double';
    }
    default:
      return null;
  }
}

/** The conjuncts of a WHERE clause. */
export function conjuncts(where: unknown): readonly SyntaxNode[] {
  if (!isNode(where)) return [];
  if (textOf(where, 'type') !== 'CONJUNCTION_AND') return [where];
  return nodesOf(where, 'children').flatMap(conjuncts);
}

const AGGREGATES: ReadonlySet<string> = new Set(['avg', 'count', 'count_star', 'max', 'min', 'sum']);

/** A column, a constant, `*`, or a plain aggregate of a column: nothing that can fail on a row. */
export function isPlainExpression(node: SyntaxNode): boolean {
  switch (textOf(node, 'class')) {
    case 'COLUMN_REF':
    case 'CONSTANT':
      return true;
    case 'STAR':
      return node.columns === false && node.expr === null && nodesOf(node, 'replace_list').length === 0;
    case 'FUNCTION':
      return (
        AGGREGATES.has(textOf(node, 'function_name').toLowerCase()) &&
        node.filter === null &&
        nodesOf(node, 'children').every((child) => textOf(child, 'class') === 'COLUMN_REF')
      );
    default:
      return false;
  }
}

/** What an ORDER BY may sort by: a plain expression, or `ALL`, which is the columns that the query answers with. */
export function isPlainOrder(node: SyntaxNode): boolean {
  return isPlainExpression(node) || isOrderByAll(node);
}

/** The parser writes `ALL` as a star that stands for columns and leaves none out. */
function isOrderByAll(node: SyntaxNode): boolean {
  const lists = [node.exclude_list, node.qualified_exclude_list, node.replace_list, node.rename_list];
  return (
    textOf(node, 'class') === 'STAR' &&
    node.columns === true &&
    node.expr === null &&
    textOf(node, 'relation_name') === '' &&
    lists.every((list) => Array.isArray(list) && list.length === 0)
  );
}

/**
 * Whether the whole query is one SELECT over one table, of columns and plain aggregates, with harmless predicates
 * only. The barrier may be left out for such a one.
 */
export function harmlessQuery(
  query: SyntaxNode,
  schema: IcebergSchema,
  masks: DatasetDecision['masks'],
  parameters: NamedParameters,
): boolean {
  const ctes = isNode(query.cte_map) ? nodesOf(query.cte_map, 'map') : [];
  const table = query.from_table;
  if (textOf(query, 'type') !== 'SELECT_NODE' || ctes.length > 0 || !isNode(table)) return false;
  if (textOf(table, 'type') !== 'BASE_TABLE' || table.sample !== null) return false;
  if (query.having !== null || query.qualify !== null || query.sample !== null) return false;
  const modifiers = nodesOf(query, 'modifiers').every((modifier) =>
    [modifier.limit, modifier.offset, ...nodesOf(modifier, 'orders').map((order) => order.expression)]
      .filter(isNode)
      .every(isPlainOrder),
  );
  const fieldOf = seenFieldOf(tableNames(query), schema, masks);
  return (
    modifiers &&
    nodesOf(query, 'modifiers').every((modifier) => textOf(modifier, 'type') !== 'DISTINCT_MODIFIER') &&
    [...nodesOf(query, 'select_list'), ...nodesOf(query, 'group_expressions')].every(isPlainExpression) &&
    conjuncts(query.where_clause).every((node) => harmlessPredicate(node, fieldOf, parameters))
  );
}
