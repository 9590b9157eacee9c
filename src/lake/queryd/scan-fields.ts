import type { IcebergField, IcebergSchema } from '../catalogd/index.ts';
import { SCAN_ALIAS, storedName } from './policy-expression.ts';
import { type SyntaxNode, textOf, textsOf, visit } from './syntax-tree.ts';

/** The top-level fields that one scan has to do with. */
export interface ScanFields {
  /** Those the query may touch; a scan of none still has rows to count, so it has one. */
  readonly shown: readonly IcebergField[];
  /** Those read from the files: what is shown, and what the policy's conditions and masks look at. */
  readonly read: readonly IcebergField[];
}

/**
 * Leaves out the fields that neither the query nor the policy names: the engine reads and binds every field that a scan
 * lists, several times for each query. A field that were missed would be an unknown column, never an unmasked one.
 */
export function scanFields(
  schema: IcebergSchema,
  touched: readonly number[] | undefined,
  policy: readonly SyntaxNode[],
): ScanFields {
  const named =
    touched === undefined ? schema.fields : schema.fields.filter(({ id }) => touched.includes(id));
  const shown = named.length > 0 ? named : schema.fields.slice(0, 1);
  const stored = new Set<string>();
  visit(policy, (node) => {
    const [alias, name] = textsOf(node, 'column_names');
    if (textOf(node, 'class') === 'COLUMN_REF' && alias === SCAN_ALIAS && name !== undefined)
      stored.add(name);
  });
  return {
    shown,
    read: schema.fields.filter((field) => shown.includes(field) || stored.has(storedName(field.id))),
  };
}
