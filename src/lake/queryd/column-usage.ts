import type { IcebergSchema } from '../catalogd/index.ts';
import { type SyntaxNode, textOf, textsOf, visit } from './syntax-tree.ts';

/** Which columns a query may touch, for the audit row and the list of masked columns. */
export interface ColumnUsage {
  /** True where the query takes columns that it does not name: `*`, a whole row, NATURAL, PIVOT. */
  readonly everything: boolean;
  /** Every part of every name in the query, in lower case. */
  readonly names: ReadonlySet<string>;
}

/** Collects the names of a query; never too few, so that the audit row never hides a column that was read. */
export function columnUsage(query: SyntaxNode): ColumnUsage {
  const names = new Set<string>();
  const tables = new Set<string>();
  let everything = false;
  visit(query, (node) => {
    const type = textOf(node, 'type');
    if (textOf(node, 'class') === 'STAR' || type === 'PIVOT') everything = true;
    if (textOf(node, 'ref_type') === 'NATURAL') everything = true;
    if (textOf(node, 'class') === 'POSITIONAL_REFERENCE') everything = true;
    if (textsOf(node, 'column_name_alias').length > 0) everything = true;
    for (const part of [...textsOf(node, 'column_names'), ...textsOf(node, 'using_columns')]) {
      names.add(part.toLowerCase());
    }
    if (type === 'BASE_TABLE' || type === 'SUBQUERY' || type === 'TABLE_FUNCTION') {
      tables.add((textOf(node, 'alias') || textOf(node, 'table_name')).toLowerCase());
    }
  });
  visit(query, (node) => {
    const parts = textsOf(node, 'column_names');
    // A table's name in the place of a column is its whole row.
    if (textOf(node, 'class') === 'COLUMN_REF' && tables.has((parts.at(-1) ?? '').toLowerCase()))
      everything = true;
  });
  return { everything, names };
}

/** The field ids of the top-level columns a query may touch; undefined for all. */
export function touchedFields(schema: IcebergSchema, usage: ColumnUsage): readonly number[] | undefined {
  if (usage.everything) return undefined;
  return schema.fields.filter(({ name }) => usage.names.has(name.toLowerCase())).map(({ id }) => id);
}
