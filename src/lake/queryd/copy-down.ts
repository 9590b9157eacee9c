import type { IcebergField } from '../catalogd/index.ts';
import { conjuncts, harmlessPredicate } from './harmless.ts';
import { type OwnTable, ownColumn } from './own-column.ts';
import type { NamedParameters } from './parameters.ts';
import { SCAN_ALIAS, storedName } from './policy-expression.ts';
import { columnNode, isNode, type SyntaxNode, textOf, transform, visit } from './syntax-tree.ts';

/**
 * The conjuncts of the query that may also be evaluated inside the scan of one table reference: harmless ones on
 * unmasked columns of exactly this table, of a WHERE clause the table reaches through inner joins only. They stay in
 * the query as well; below the barrier they only save reading.
 */
export function conjunctsFor(
  query: SyntaxNode,
  table: OwnTable,
  parameters: NamedParameters,
): readonly SyntaxNode[] {
  if (table.node.sample !== null) return [];
  const select = selectReading(query, table.node);
  if (select === null) return [];
  const fieldOf = ownColumn(table, select.only);
  return conjuncts(select.node.where_clause)
    .filter((node) => harmlessPredicate(node, fieldOf, parameters))
    .map((node) => storedNames(node, fieldOf));
}

/** The same predicate over the names of the scan. */
function storedNames(node: SyntaxNode, fieldOf: (reference: SyntaxNode) => IcebergField | null): SyntaxNode {
  const bound = transform(node, (inner) => {
    const field = textOf(inner, 'class') === 'COLUMN_REF' ? fieldOf(inner) : null;
    return field === null ? null : columnNode([SCAN_ALIAS, storedName(field.id)]);
  });
  return bound as SyntaxNode;
}

/** The SELECT whose FROM reaches the table through inner joins alone, and whether it has no other table. */
function selectReading(query: SyntaxNode, table: SyntaxNode): { node: SyntaxNode; only: boolean } | null {
  let found: { node: SyntaxNode; only: boolean } | null = null;
  visit(query, (node) => {
    if (textOf(node, 'type') !== 'SELECT_NODE' || !isNode(node.from_table)) return;
    if (node.from_table === table) found = { node, only: true };
    else if (innerTables(node.from_table).includes(table)) found = { node, only: false };
  });
  return found;
}

/** The tables of a FROM clause that no outer join can pad with nulls and no semi join hides. */
function innerTables(from: SyntaxNode): readonly SyntaxNode[] {
  if (textOf(from, 'type') !== 'JOIN') return [from];
  const isInner =
    textOf(from, 'join_type') === 'INNER' && ['REGULAR', 'CROSS'].includes(textOf(from, 'ref_type'));
  if (!isInner) return [];
  return [from.left, from.right].filter(isNode).flatMap(innerTables);
}
