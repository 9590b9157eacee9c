import { LakeError } from '../../base/index.ts';
import type { BoundExpression } from '../../govern/scope/index.ts';
import type { IcebergField, IcebergSchema, IcebergType } from '../catalogd/index.ts';
import { queryErrors } from './errors.ts';
import {
  columnNode,
  constantNode,
  parseTree,
  type SyntaxNode,
  textOf,
  textsOf,
  transform,
} from './syntax-tree.ts';

/** The name a scan gives to the table it reads, inside the scan only. */
export const SCAN_ALIAS = 'f';

/** The name a scan gives to a stored column: by field id, so that no stored name can collide with anything. */
export function storedName(fieldId: number): string {
  return `c${fieldId}`;
}

/**
 * A policy's expression over the stored columns of one snapshot, with the caller's attributes as constants. A field
 * that this version of the dataset does not have denies: throws `query.policy_unbound`.
 */
export function bindPolicyExpression(expression: BoundExpression, schema: IcebergSchema): SyntaxNode {
  const bound = transform(parseTree(expression.node), (node) => {
    if (textOf(node, 'class') !== 'COLUMN_REF') return null;
    const names = textsOf(node, 'column_names');
    const attribute = names[0] === 'identity' && names.length === 2 ? names[1] : undefined;
    if (attribute !== undefined) {
      const value = expression.identity.get(attribute);
      if (value === undefined) throw unbound();
      return constantNode(value);
    }
    const fieldId = expression.columns.get(names.join('.'));
    const path = fieldId === undefined ? null : storedPath(schema, fieldId);
    if (path === null) throw unbound();
    return columnNode([SCAN_ALIAS, ...path]);
  });
  return bound as SyntaxNode;
}

/** How a field is reached from the stored columns; null where the schema does not have it, or only inside a list. */
function storedPath(schema: IcebergSchema, fieldId: number): readonly string[] | null {
  for (const field of schema.fields) {
    if (field.id === fieldId) return [storedName(fieldId)];
    const inside = pathInside(field.type, fieldId);
    if (inside !== null) return [storedName(field.id), ...inside];
  }
  return null;
}

function pathInside(type: IcebergType, fieldId: number): readonly string[] | null {
  if (typeof type === 'string' || type.type !== 'struct') return null;
  for (const member of type.fields) {
    if (member.id === fieldId) return [member.name];
    const inside = pathInside(member.type, fieldId);
    if (inside !== null) return [member.name, ...inside];
  }
  return null;
}

/** A schema's top-level field by the name a query writes; names compare without case, as in the engine. */
export function fieldNamed(schema: IcebergSchema, name: string): IcebergField | undefined {
  const wanted = name.toLowerCase();
  return schema.fields.find((field) => field.name.toLowerCase() === wanted);
}

function unbound(): LakeError {
  return new LakeError(queryErrors.policy_unbound, {
    detail:
      'A rule of the policy names a column that this version of the dataset does not have, so it cannot be read.',
  });
}
