import { isNode, nodesOf, type SyntaxNode, textOf, visit } from './syntax-tree.ts';

const ORDER_FREE_AGGREGATES: ReadonlySet<string> = new Set([
  ...[
    'approx_count_distinct',
    'avg',
    'bool_and',
    'bool_or',
    'count',
    'count_if',
    'count_star',
    'max',
    'mean',
  ],
  ...['median', 'min', 'quantile_cont', 'quantile_disc', 'stddev', 'sum', 'variance'],
]);
const ORDER_FREE_FUNCTIONS: ReadonlySet<string> = new Set([
  ...['+', '-', '*', '/', '||', 'date_trunc', 'date_part', 'lower', 'month', 'round', 'upper', 'year'],
]);

/**
 * Whether the order in which a query's rows are read cannot show in its answer: one SELECT that aggregates, with
 * functions that do not depend on order, and no LIMIT that picks rows. Conservative: anything else keeps the order.
 */
export function isOrderFree(query: SyntaxNode): boolean {
  if (textOf(query, 'type') !== 'SELECT_NODE') return false;
  let selects = 0;
  let aggregates = 0;
  let free = true;
  visit(query, (node) => {
    const type = textOf(node, 'type');
    if (type.endsWith('_NODE')) selects += 1;
    if (type === 'TABLE_FUNCTION' || type === 'PIVOT') free = false;
    if (textOf(node, 'class') === 'WINDOW') free = false;
    if (isNode(node.sample)) free = false;
    if (textOf(node, 'class') !== 'FUNCTION') return;
    const name = textOf(node, 'function_name').toLowerCase();
    if (ORDER_FREE_AGGREGATES.has(name)) aggregates += 1;
    else if (!ORDER_FREE_FUNCTIONS.has(name)) free = false;
  });
  const groups = nodesOf(query, 'group_expressions').length;
  const modifiers = nodesOf(query, 'modifiers').map((modifier) => textOf(modifier, 'type'));
  const picks = modifiers.some((type) => type.startsWith('LIMIT')) && !modifiers.includes('ORDER_MODIFIER');
  return free && selects === 1 && !picks && (groups > 0 || aggregates > 0);
}
