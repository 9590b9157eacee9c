import type { DatasetDecision } from '../../govern/scope/index.ts';
import type { IcebergField, IcebergSchema } from '../catalogd/index.ts';
import { fieldNamed } from './policy-expression.ts';
import { type SyntaxNode, textOf, textsOf, visit } from './syntax-tree.ts';

/**
 * The column of one table that a reference means, as its caller sees it: `column` or `table.column`. A way into a struct
 * means none, whatever column has its member's name, and a column that a mask makes text of is text.
 */
export function seenFieldOf(
  tables: ReadonlySet<string>,
  schema: IcebergSchema,
  masks: DatasetDecision['masks'],
): (reference: SyntaxNode) => IcebergField | null {
  return (reference) => {
    const [first = '', second, ...inside] = textsOf(reference, 'column_names');
    if (inside.length > 0 || (second !== undefined && !tables.has(first.toLowerCase()))) return null;
    const field = fieldNamed(schema, second ?? first);
    return field === undefined ? null : seen(field, masks);
  };
}

function seen(field: IcebergField, masks: DatasetDecision['masks']): IcebergField | null {
  const method = masks.get(field.id)?.method;
  if (method === 'expression') return null;
  const isText = (method === 'hash' || method === 'partial') && typeof field.type === 'string';
  return isText ? { ...field, type: 'string' } : field;
}

/** What the tables of a query are called in it, in lower case. */
export function tableNames(query: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(query.from_table, (node) => {
    if (textOf(node, 'type') !== 'BASE_TABLE') return;
    names.add((textOf(node, 'alias') || textOf(node, 'table_name')).toLowerCase());
  });
  return names;
}
