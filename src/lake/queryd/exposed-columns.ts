import type { DatasetDecision } from '../../govern/scope/index.ts';
import type { IcebergField, IcebergSchema } from '../catalogd/index.ts';
import { harmlessPredicate, isPlainExpression, isPlainOrder } from './harmless.ts';
import type { NamedParameters } from './parameters.ts';
import { seenFieldOf, tableNames } from './seen-field.ts';
import { children, isNode, nodesOf, type SyntaxNode, textOf, textsOf, visit } from './syntax-tree.ts';

/**
 * The columns of a scan that the query hands to expressions which may fail. The engine evaluates a function on the whole
 * dictionary of a vector where it believes that the function cannot fail, and dictionaries hold values of rows that were
 * filtered away; it believes so wrongly of some 25 functions (`substr`, `regexp_replace`, `epoch_ms` …, measured on
 * DuckDB 1.5.6). Such columns are made flat above the filter. Everything is exposed in a query of several SELECTs, where
 * a column may have another name by the time it is used.
 */
export function exposedColumns(
  query: SyntaxNode,
  schema: IcebergSchema,
  masks: DatasetDecision['masks'],
  parameters: NamedParameters,
): readonly IcebergField[] {
  if (!isSingleSelect(query)) return schema.fields;
  const names = new Set<string>();
  let everything = false;
  const fieldOf = seenFieldOf(tableNames(query), schema, masks);
  const expose = (value: unknown) =>
    visit(value, (node) => {
      if (textOf(node, 'class') === 'STAR') everything = true;
      for (const part of textsOf(node, 'column_names')) names.add(part.toLowerCase());
    });
  const predicate = (node: SyntaxNode): void => {
    const isJoiner = textOf(node, 'class') === 'CONJUNCTION' || textOf(node, 'type') === 'OPERATOR_NOT';
    if (isJoiner) nodesOf(node, 'children').forEach(predicate);
    else if (!harmlessPredicate(node, fieldOf, parameters)) expose(node);
  };
  for (const node of [...nodesOf(query, 'select_list'), ...nodesOf(query, 'group_expressions')]) {
    if (!isPlainExpression(node)) expose(node);
  }
  if (isNode(query.where_clause)) predicate(query.where_clause);
  for (const member of [query.having, query.qualify, query.from_table]) expose(member);
  for (const modifier of nodesOf(query, 'modifiers')) {
    const plain = expressionsOf(modifier).every(isPlainOrder);
    if (!plain) expose(modifier);
  }
  if (everything) return schema.fields;
  const tables = tableNames(query);
  // A table's name in the place of a column is its whole row.
  if ([...names].some((name) => tables.has(name))) return schema.fields;
  return schema.fields.filter((field) => names.has(field.name.toLowerCase()));
}

function isSingleSelect(query: SyntaxNode): boolean {
  let selects = 0;
  let others = 0;
  visit(query, (node) => {
    const type = textOf(node, 'type');
    if (type === 'SELECT_NODE') selects += 1;
    else if (type.endsWith('_NODE') || type === 'PIVOT' || type === 'TABLE_FUNCTION') others += 1;
    // Columns renamed where the table is named, or joined by a name.
    if (textsOf(node, 'column_name_alias').length > 0) others += 1;
    if (textsOf(node, 'using_columns').length > 0 || textOf(node, 'ref_type') === 'NATURAL') others += 1;
  });
  return selects === 1 && others === 0;
}

function expressionsOf(modifier: SyntaxNode): readonly SyntaxNode[] {
  return children(modifier)
    .flatMap((member) => (Array.isArray(member) ? member : [member]))
    .filter(isNode)
    .map((member) => (isNode(member.expression) ? member.expression : member));
}
