import type { IcebergField, IcebergSchema } from '../catalogd/index.ts';
import { fieldNamed } from './policy-expression.ts';
import { type SyntaxNode, textOf, textsOf } from './syntax-tree.ts';

/**
 * Tells which stored column of one table reference a name of the query stands for; null for a column of another table, for
 * a member of a struct, which may bear the name of a column of another type, and for every name where the query calls the
 * table's columns otherwise. Names without a table are the table's own where `isOnly` says that no other can be meant.
 */
export function ownColumn(
  table: SyntaxNode,
  schema: IcebergSchema,
  isOnly: boolean,
): (reference: SyntaxNode) => IcebergField | null {
  if (textsOf(table, 'column_name_alias').length > 0) return () => null;
  const alias = (textOf(table, 'alias') || textOf(table, 'table_name')).toLowerCase();
  return (reference) => {
    const [first = '', second, ...others] = textsOf(reference, 'column_names');
    const isOwn = second === undefined ? isOnly : others.length === 0 && first.toLowerCase() === alias;
    return isOwn ? (fieldNamed(schema, second ?? first) ?? null) : null;
  };
}
