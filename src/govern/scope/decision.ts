import type { DatasetAction } from './demand.ts';
import type { AttributeValue } from './identity.ts';

export const MASK_METHODS = ['redact', 'null', 'hash', 'partial', 'email', 'year', 'expression'] as const;
export type MaskMethod = (typeof MASK_METHODS)[number];

/** A policy's SQL expression, parsed by the engine's parser and bound to field ids. */
export interface BoundExpression {
  /** The expression node of `json_serialize_sql`, as JSON text (integers of any size intact). */
  readonly node: string;
  /** Dotted column name as the policy writes it → the field it is bound to. */
  readonly columns: ReadonlyMap<string, number>;
  /** Attribute name after `identity.` → its value for this caller. Every one used is present; a missing one denies. */
  readonly identity: ReadonlyMap<string, AttributeValue>;
}

export interface MaskDecision {
  readonly fieldId: number;
  readonly method: MaskMethod;
  /** Present exactly for the method `expression`. */
  readonly expression: BoundExpression | null;
  /** Which rules chose it, for people: `tag pii.email`, `column candidates.pay`. No policy SQL. */
  readonly reasons: readonly string[];
}

/** What one caller may do with one dataset under one version of the policy. */
export interface DatasetDecision {
  readonly datasetId: string;
  readonly name: string;
  readonly action: DatasetAction;
  readonly policyVersion: number;
  /** Masks by field id. A masked struct or list masks all inside it. */
  readonly masks: ReadonlyMap<number, MaskDecision>;
  /** All must hold for a row to be seen. */
  readonly rowFilters: readonly BoundExpression[];
}

/** Whether nothing of the dataset is hidden from the caller: no row, and no value of any. */
export function isUnrestricted({ masks, rowFilters }: DatasetDecision): boolean {
  return masks.size === 0 && rowFilters.length === 0;
}

export type Authorisation =
  | { readonly allowed: true; readonly decision: DatasetDecision }
  /** `reason` names the missing grant; shown to the caller only where the dataset is discoverable. */
  | { readonly allowed: false; readonly reason: string };
