import type { IcebergField, IcebergSchema, IcebergType } from '../catalog.ts';
import { fitsInto, parsePrimitive, promote } from './primitive-type.ts';
import { assignFieldIds } from './schema.ts';
import { typeText } from './type-text.ts';

/** One difference between a dataset's columns and offered ones. */
export interface SchemaDifference {
  readonly kind: 'column_added' | 'column_missing' | 'type_changed';
  readonly column: string;
  /** The dataset's type; null for an added column. */
  readonly from: string | null;
  /** The offered type; null for a missing column. */
  readonly to: string | null;
  /** Whether an append may go on with it: the column is added, filled with nulls, or widened. */
  readonly compatible: boolean;
}

/** What would bring the two together. `automatic`: an append does it by itself. */
export interface MigrationRule {
  readonly rule: 'add_column' | 'fill_with_null' | 'widen_column' | 'rename_column' | 'cast_column';
  readonly column: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly automatic: boolean;
  /** What to do, for people. */
  readonly description: string;
}

export interface SchemaComparison {
  readonly compatible: boolean;
  readonly diff: readonly SchemaDifference[];
  readonly migrationRules: readonly MigrationRule[];
  /** Ids of the dataset's fields that the offered columns lack, without those inside another of them. */
  readonly missingIds: ReadonlySet<number>;
  /** The dataset's columns with the additions and promotions applied; null where something does not fit. */
  readonly evolved: { readonly fields: readonly IcebergField[]; readonly lastColumnId: number } | null;
}

/**
 * Compares a dataset's schema with columns offered by name (without regard to case: names of one level differ by
 * more). Allowed without loss (spec, "Schema Evolution"): a new nullable column, a missing nullable one, int to
 * long, float to double, more decimal precision; the same inside structs, list elements and map values.
 */
export function compareSchemas(
  schema: Pick<IcebergSchema, 'fields'>,
  offered: readonly IcebergField[],
  lastColumnId: number,
): SchemaComparison {
  const merge = new SchemaMerge(lastColumnId);
  const fields = merge.mergeStruct(schema.fields, offered, []);
  const compatible = merge.diff.every((difference) => difference.compatible);
  return {
    compatible,
    diff: merge.diff,
    migrationRules: migrationRules(merge.diff),
    missingIds: merge.missingIds,
    evolved: compatible ? { fields, lastColumnId: merge.lastColumnId } : null,
  };
}

class SchemaMerge {
  readonly diff: SchemaDifference[] = [];
  readonly missingIds = new Set<number>();
  lastColumnId: number;

  constructor(lastColumnId: number) {
    this.lastColumnId = lastColumnId;
  }

  mergeStruct(
    current: readonly IcebergField[],
    offered: readonly IcebergField[],
    path: readonly string[],
  ): IcebergField[] {
    const byName = new Map(offered.map((field) => [field.name.toLowerCase(), field]));
    const merged = current.map((field) => {
      const match = byName.get(field.name.toLowerCase());
      const column = [...path, field.name];
      if (match === undefined) {
        this.#note('column_missing', column, field.type, null, !field.required);
        this.missingIds.add(field.id);
        return field;
      }
      return { ...field, type: this.#mergeType(field.type, match.type, column) };
    });
    const known = new Set(current.map((field) => field.name.toLowerCase()));
    for (const field of offered.filter((other) => !known.has(other.name.toLowerCase()))) {
      this.#note('column_added', [...path, field.name], null, field.type, true);
      const assigned = assignFieldIds([{ ...field, required: false }], this.lastColumnId);
      this.lastColumnId = assigned.lastId;
      merged.push(...assigned.fields);
    }
    return merged;
  }

  #mergeType(current: IcebergType, offered: IcebergType, path: readonly string[]): IcebergType {
    if (typeof current === 'string' && typeof offered === 'string') {
      return this.#mergePrimitive(current, offered, path);
    }
    if (typeof current !== 'string' && typeof offered !== 'string') {
      if (current.type === 'struct' && offered.type === 'struct') {
        return { ...current, fields: this.mergeStruct(current.fields, offered.fields, path) };
      }
      if (current.type === 'list' && offered.type === 'list') {
        return {
          ...current,
          element: this.#mergeType(current.element, offered.element, [...path, 'element']),
        };
      }
      // Keys of a map are never changed (spec, "Schema Evolution"), so only its value merges.
      if (current.type === 'map' && offered.type === 'map' && sameKey(current.key, offered.key)) {
        return { ...current, value: this.#mergeType(current.value, offered.value, [...path, 'value']) };
      }
    }
    this.#note('type_changed', path, current, offered, false);
    return current;
  }

  #mergePrimitive(current: string, offered: string, path: readonly string[]): string {
    if (current === offered) return current;
    const from = parsePrimitive(current);
    const to = parsePrimitive(offered);
    if (from !== null && to !== null) {
      if (fitsInto(to, from)) return current;
      // A map's key ends a path with `key`; everything that reaches here is a value.
      if (promote(from, to) !== null) {
        this.#note('type_changed', path, current, offered, true);
        return offered;
      }
    }
    this.#note('type_changed', path, current, offered, false);
    return current;
  }

  #note(
    kind: SchemaDifference['kind'],
    path: readonly string[],
    from: IcebergType | null,
    to: IcebergType | null,
    compatible: boolean,
  ): void {
    this.diff.push({
      kind,
      column: path.join('.'),
      from: from === null ? null : typeText(from),
      to: to === null ? null : typeText(to),
      compatible,
    });
  }
}

function sameKey(current: IcebergType, offered: IcebergType): boolean {
  return typeText(current) === typeText(offered);
}

function migrationRules(diff: readonly SchemaDifference[]): MigrationRule[] {
  const renames = suggestRenames(diff);
  const renamed = new Set(renames.flatMap((rule) => [rule.from, rule.to]));
  const rules = diff
    .filter((difference) => difference.kind === 'type_changed' || !renamed.has(difference.column))
    .map(ruleFor);
  return [...renames, ...rules];
}

function ruleFor(difference: SchemaDifference): MigrationRule {
  const { column, from, to } = difference;
  if (difference.kind === 'column_added') {
    const description = `Column ${column} is added; earlier rows hold null.`;
    return { rule: 'add_column', column, from, to, automatic: true, description };
  }
  if (difference.kind === 'column_missing') {
    const description = difference.compatible
      ? `Column ${column} is not in the new rows; they hold null.`
      : `Column ${column} is required; add it to the new rows.`;
    return { rule: 'fill_with_null', column, from, to, automatic: difference.compatible, description };
  }
  if (difference.compatible) {
    const description = `Column ${column} is widened from ${from} to ${to}.`;
    return { rule: 'widen_column', column, from, to, automatic: true, description };
  }
  const description = `Cast column ${column} from ${to} to ${from} before writing, or write another dataset.`;
  return { rule: 'cast_column', column, from: to, to: from, automatic: false, description };
}

/** A missing and an added column of one type and level whose names are near: most likely one column renamed. */
function suggestRenames(diff: readonly SchemaDifference[]): MigrationRule[] {
  const added = diff.filter((difference) => difference.kind === 'column_added');
  const taken = new Set<string>();
  const rules: MigrationRule[] = [];
  for (const missing of diff.filter((difference) => difference.kind === 'column_missing')) {
    const match = added.find(
      (other) =>
        other.to === missing.from && !taken.has(other.column) && areNear(missing.column, other.column),
    );
    if (match === undefined) continue;
    taken.add(match.column);
    rules.push({
      rule: 'rename_column',
      column: missing.column,
      from: missing.column,
      to: match.column,
      automatic: false,
      description: `Column ${missing.column} looks renamed to ${match.column}: rename it in the dataset first, or both are kept.`,
    });
  }
  return rules;
}

/** One contains the other without its separators, or they share all but a third of their letters. */
function areNear(left: string, right: string): boolean {
  if (left.slice(0, left.lastIndexOf('.') + 1) !== right.slice(0, right.lastIndexOf('.') + 1)) return false;
  const a = left.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const b = right.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  if (a === b || (a.length > 2 && b.length > 2 && (a.includes(b) || b.includes(a)))) return true;
  return editDistance(a, b) * 3 <= Math.max(a.length, b.length);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
