import type { DatasetDecision } from '../../govern/scope/index.ts';
import type { IcebergField, IcebergSchema } from '../catalogd/index.ts';
import { isMasked } from './masked-column.ts';
import { fieldNamed } from './policy-expression.ts';
import { type SyntaxNode, textOf, textsOf } from './syntax-tree.ts';

/** A table reference of the query, with what stands behind it. */
export interface OwnTable {
  readonly node: SyntaxNode;
  readonly schema: IcebergSchema;
  readonly masks: DatasetDecision['masks'];
}

/**
 * Tells which stored column of one table a name of the query stands for, value for value. Null for a column of another
 * table, for a masked one, whose mask may answer another type, for a member of a struct, which may bear the name of a column
 * of another type, and for every name where the query calls the table's columns otherwise. Names without a table are the
 * table's own where `isOnly` says that no other can be meant.
 */
export function ownColumn(table: OwnTable, isOnly: boolean): (reference: SyntaxNode) => IcebergField | null {
  const { node, schema, masks } = table;
  if (textsOf(node, 'column_name_alias').length > 0) return () => null;
  const alias = (textOf(node, 'alias') || textOf(node, 'table_name')).toLowerCase();
  return (reference) => {
    const [first = '', second, ...others] = textsOf(reference, 'column_names');
    const isOwn = second === undefined ? isOnly : others.length === 0 && first.toLowerCase() === alias;
    const field = isOwn ? fieldNamed(schema, second ?? first) : undefined;
    return field === undefined || isMasked(field, masks) ? null : field;
  };
}
