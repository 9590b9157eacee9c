import { LakeError } from '../../base/index.ts';
import { EXPRESSION_OPERATORS } from '../../govern/access/index.ts';
import { lineAndColumn } from '../engine/index.ts';
import { queryErrors } from './errors.ts';
import { ALLOWED_FUNCTIONS, REFUSED_FUNCTIONS } from './function-allow-list.generated.ts';
import { REFUSAL_REASONS, TABLE_FUNCTIONS } from './function-policy.ts';
import { children, isNode, nodesOf, positionOf, type SyntaxNode, textOf } from './syntax-tree.ts';

/** Kinds of nodes a query may be made of. Whatever is not named here is refused, whichever version adds it. */
const EXPRESSION_CLASSES: ReadonlySet<string> = new Set([
  ...[
    'BETWEEN',
    'CASE',
    'CAST',
    'COLLATE',
    'COLUMN_REF',
    'COMPARISON',
    'CONJUNCTION',
    'CONSTANT',
    'FUNCTION',
  ],
  ...['LAMBDA', 'LAMBDA_REF', 'OPERATOR', 'PARAMETER', 'POSITIONAL_REFERENCE', 'STAR', 'SUBQUERY', 'WINDOW'],
]);
/** `TRY` is on no list: see that of policies. */
const OPERATOR_TYPES: ReadonlySet<string> = new Set([
  ...EXPRESSION_OPERATORS,
  'GROUPING_FUNCTION',
  'OPERATOR_UNPACK',
]);
const NODE_TYPES: ReadonlySet<string> = new Set([
  // Queries.
  ...['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE', 'CTE_NODE'],
  // Tables.
  ...['BASE_TABLE', 'EMPTY', 'EXPRESSION_LIST', 'JOIN', 'PIVOT', 'SUBQUERY', 'TABLE_FUNCTION'],
]);
const QUERY_OR_TABLE =
  /^[A-Z_]+(?:_NODE|_REF|_TABLE|_FUNCTION|_LIST|_GET|_SCAN)$|^(?:EMPTY|JOIN|PIVOT|SUBQUERY|CTE|COLUMN_DATA|INVALID|EXPRESSION_LIST)$/;
const SHOW = 'SHOW, DESCRIBE or SUMMARIZE';
const NAMES: Readonly<Record<string, string>> = {
  SHOW_REF: SHOW,
  DEFAULT: 'DEFAULT',
  OPERATOR_TRY: 'TRY',
};

/** Where to find what a refused construct would have told. */
const INSTEAD: Readonly<Record<string, string>> = {
  [SHOW]:
    ' Datasets are listed by GET /catalog/datasets, `lakehouse datasets list` and the tool list_datasets, and described beside it.',
  TRY: ' TRY_CAST gives NULL where a cast fails, and CASE keeps an expression from values that it cannot take.',
};

/** The one query of a parsed text, its every node on a list. Throws `query.*`. */
export function requireAllowedQuery(tree: SyntaxNode, sql: string): SyntaxNode {
  const statements = nodesOf(tree, 'statements');
  const [statement] = statements;
  if (statement === undefined || statements.length !== 1) {
    throw new LakeError(queryErrors.not_a_query, {
      detail: statements.length === 0 ? 'There is no statement.' : 'Send one statement at a time.',
    });
  }
  const query = statement.node;
  if (!isNode(query)) throw refusedConstruct('This statement', null, sql);
  check(query, sql);
  return statement;
}

function check(node: SyntaxNode, sql: string): void {
  const kind = textOf(node, 'class');
  const type = textOf(node, 'type');
  if (kind !== '') {
    if (!EXPRESSION_CLASSES.has(kind)) throw refusedConstruct(NAMES[kind] ?? kind, node, sql);
    if (kind === 'OPERATOR' && !OPERATOR_TYPES.has(type))
      throw refusedConstruct(NAMES[type] ?? type, node, sql);
    if (kind === 'FUNCTION' || kind === 'WINDOW') requireFunction(node, sql);
  } else if (type === 'TABLE_FUNCTION') {
    checkTableFunction(node, sql);
    return;
  } else if (isQueryOrTable(node, type) && !NODE_TYPES.has(type)) {
    throw refusedConstruct(NAMES[type] ?? type, node, sql);
  }
  if (type === 'PIVOT' && nodesOf(node, 'pivots').some((pivot) => textOf(pivot, 'pivot_enum') !== '')) {
    throw refusedConstruct('PIVOT over an enum', node, sql);
  }
  for (const member of children(node)) checkAny(member, sql);
}

function checkAny(value: unknown, sql: string): void {
  if (Array.isArray(value)) for (const member of value) checkAny(member, sql);
  else if (isNode(value)) check(value, sql);
}

/** Queries have modifiers or sides, tables have an alias; modifiers and types (`DECIMAL_TYPE_INFO`) have neither. */
function isQueryOrTable(node: SyntaxNode, type: string): boolean {
  if (type === '' || type.endsWith('_MODIFIER') || type.endsWith('_TYPE_INFO')) return false;
  return 'cte_map' in node || 'sample' in node || QUERY_OR_TABLE.test(type);
}

function checkTableFunction(node: SyntaxNode, sql: string): void {
  const call = node.function;
  if (!isNode(call)) throw refusedConstruct('This table', node, sql);
  const name = textOf(call, 'function_name').toLowerCase();
  if (textOf(call, 'class') !== 'FUNCTION' || !TABLE_FUNCTIONS.has(name) || !isUnqualified(call)) {
    throw refusedFunction(name, 'table', call, sql);
  }
  for (const [key, member] of Object.entries(node)) if (key !== 'function') checkAny(member, sql);
  for (const member of children(call)) checkAny(member, sql);
}

function requireFunction(node: SyntaxNode, sql: string): void {
  const name = textOf(node, 'function_name').toLowerCase();
  if (ALLOWED_FUNCTIONS.has(name) && isUnqualified(node)) return;
  const reason = REFUSED_FUNCTIONS.get(name);
  if (reason !== undefined) throw refusedFunction(name, reason, node, sql);
  const at = place(node, sql);
  const isMethod = ALLOWED_FUNCTIONS.has(name);
  throw new LakeError(queryErrors.unknown_function, {
    detail: isMethod
      ? `${JSON.stringify(name)}${at.text} is called after a dot, as if on a column or in a schema: write ${name}(…), with the column as its first argument.`
      : `There is no function ${JSON.stringify(name)}${at.text}.`,
    data: at.data,
  });
}

function isUnqualified(call: SyntaxNode): boolean {
  const schema = textOf(call, 'schema');
  return (schema === '' || schema === 'main') && textOf(call, 'catalog') === '';
}

function refusedFunction(
  name: string,
  reason: keyof typeof REFUSAL_REASONS,
  node: SyntaxNode,
  sql: string,
): LakeError {
  const at = place(node, sql);
  return new LakeError(queryErrors.function_refused, {
    detail: `The function ${JSON.stringify(name)}${at.text} is not allowed: ${REFUSAL_REASONS[reason]}.`,
    data: at.data,
  });
}

function refusedConstruct(what: string, node: SyntaxNode | null, sql: string): LakeError {
  const at = node === null ? { text: '', data: {} } : place(node, sql);
  return new LakeError(queryErrors.construct_refused, {
    detail: `${what}${at.text} is not allowed in a query.${INSTEAD[what] ?? ''}`,
    data: at.data,
  });
}

/** Where a node stands in the caller's text, for people and for programs. */
export function place(node: SyntaxNode, sql: string): { text: string; data: Record<string, number> } {
  const position = positionOf(node);
  if (position === null) return { text: '', data: {} };
  const { line, column } = lineAndColumn(sql, position);
  return { text: ` at line ${line}, column ${column}`, data: { line, column } };
}
