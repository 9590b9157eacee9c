import type { LeaseRequest } from '../engine/index.ts';
import type { PlannedQuery } from './plan-query.ts';
import { textOf, visit } from './syntax-tree.ts';

/** What can multiply rows: a query with one of these is not small, however few bytes it reads. */
const MULTIPLIES: ReadonlySet<string> = new Set(['JOIN', 'TABLE_FUNCTION', 'RECURSIVE_CTE_NODE']);

/**
 * The lane of a query. The small one is kept free for queries that end soon: few bytes read, of one table, and nothing
 * in the statement that makes more rows of them. A self-join of a small file can run for a minute.
 */
export function laneOf(
  query: Pick<PlannedQuery, 'statement' | 'tables'>,
  plannedBytes: number,
  smallQueryBytes: number,
): LeaseRequest['lane'] {
  if (plannedBytes > smallQueryBytes || query.tables.length > 1) return 'query';
  let multiplies = false;
  visit(query.statement, (node) => {
    multiplies ||= MULTIPLIES.has(textOf(node, 'type'));
  });
  return multiplies ? 'query' : 'small';
}
