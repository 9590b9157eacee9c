import { type ErrorCode, LakeError } from '../../base/index.ts';
import type { SchemaComparison } from './iceberg/schema-evolution.ts';

/** The refusal of columns that do not fit a dataset, with the difference and what would bring them together. */
export function schemaMismatch(code: ErrorCode, name: string, comparison: SchemaComparison): LakeError {
  const columns = comparison.diff
    .filter((difference) => !difference.compatible)
    .map((difference) => difference.column)
    .slice(0, 5);
  const named = columns.length === 0 ? '' : ` (${columns.join(', ')})`;
  return new LakeError(code, {
    detail: `The columns differ from those of the dataset ${name}${named}. See diff and migration_rules.`,
    data: schemaComparisonJson(comparison),
  });
}

/** The comparison as every answer shows it. */
export function schemaComparisonJson(comparison: SchemaComparison) {
  return {
    compatible: comparison.compatible,
    diff: comparison.diff.map((difference) => ({ ...difference })),
    migration_rules: comparison.migrationRules.map((rule) => ({ ...rule })),
  };
}
