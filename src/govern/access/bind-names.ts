import type { ColumnFacts, DatasetFacts } from '../scope/index.ts';

/** What a column name of a policy stands for in one dataset. */
export type NameBinding =
  | { readonly kind: 'field'; readonly fieldId: number }
  | { readonly kind: 'none' }
  /** More than one field has carried the name since the rule was written: which one was meant is not known. */
  | { readonly kind: 'ambiguous' };

/**
 * The fields a mask on `column` covers: every field that has carried the name since the schema current at `sinceMs`,
 * and those that carried it earlier and are gone now (only time travel reaches them). Names compare without case, as
 * the engine does; inside a list or map the steps `element` and `value` may be left out.
 */
export function fieldsMasked(facts: DatasetFacts, column: string, sinceMs: number): ReadonlySet<number> {
  const current = new Set(facts.columns.map((field) => field.fieldId));
  const bound = fieldsNamed(schemasSince(facts, sinceMs), column, maskNames);
  const gone = [...fieldsNamed(allSchemas(facts), column, maskNames)].filter(
    (fieldId) => !current.has(fieldId),
  );
  return new Set([...bound, ...gone]);
}

/** The one field a name inside a policy's expression stands for; a field that is gone now is none. */
export function bindName(facts: DatasetFacts, name: string, sinceMs: number): NameBinding {
  const fields = [...fieldsNamed(schemasSince(facts, sinceMs), name, fullName)];
  const [fieldId] = fields;
  if (fieldId === undefined) return { kind: 'none' };
  if (fields.length > 1) return { kind: 'ambiguous' };
  const present = facts.columns.some((field) => field.fieldId === fieldId);
  return present ? { kind: 'field', fieldId } : { kind: 'none' };
}

/** Every field the dataset ever had, with all tags any of its states carries. */
export function fieldTags(facts: DatasetFacts): ReadonlyMap<number, ReadonlySet<string>> {
  const tags = new Map<number, Set<string>>();
  for (const field of allSchemas(facts).flat()) {
    const known = tags.get(field.fieldId) ?? new Set();
    for (const tag of field.tags) known.add(tag);
    tags.set(field.fieldId, known);
  }
  return tags;
}

/** The fields inside a struct or list field, at any depth, in any schema the dataset ever had. */
export function fieldsInside(facts: DatasetFacts, fieldId: number): ReadonlySet<number> {
  const inside = new Set<number>();
  for (const schema of allSchemas(facts)) {
    const parent = schema.find((field) => field.fieldId === fieldId);
    if (parent === undefined) continue;
    for (const field of schema) {
      const deeper = field.path.length > parent.path.length;
      if (deeper && parent.path.every((part, index) => field.path[index] === part)) inside.add(field.fieldId);
    }
  }
  return inside;
}

function fieldsNamed(
  schemas: readonly (readonly ColumnFacts[])[],
  name: string,
  namesOf: (field: ColumnFacts) => readonly string[],
): ReadonlySet<number> {
  const wanted = name.toLowerCase();
  const found = new Set<number>();
  for (const field of schemas.flat()) {
    if (namesOf(field).some((known) => known.toLowerCase() === wanted)) found.add(field.fieldId);
  }
  return found;
}

function fullName(field: ColumnFacts): readonly string[] {
  return [field.path.join('.')];
}

function maskNames(field: ColumnFacts): readonly string[] {
  const last = field.path.length - 1;
  const short = field.path.filter(
    (part, index) => index === 0 || index === last || (part !== 'element' && part !== 'value'),
  );
  return [field.path.join('.'), short.join('.')];
}

function allSchemas(facts: DatasetFacts): readonly (readonly ColumnFacts[])[] {
  return [...facts.history.map((state) => state.columns), facts.columns];
}

/**
 * The schemas from the one current at `sinceMs` on. A schema of the very same millisecond may be older or newer than
 * the rule, so the one before it counts too.
 */
function schemasSince(facts: DatasetFacts, sinceMs: number): readonly (readonly ColumnFacts[])[] {
  const states = facts.history.toSorted((a, b) => a.sinceMs - b.sinceMs);
  const start = states.findLastIndex((state) => state.sinceMs < sinceMs);
  return [...states.slice(Math.max(0, start)).map((state) => state.columns), facts.columns];
}
