import { matchesPattern } from '../../base/index.ts';
import type { ColumnFacts, DatasetFacts } from '../scope/index.ts';

/** What a column name of a policy stands for in one dataset. */
export type NameBinding =
  | { readonly kind: 'field'; readonly fieldId: number }
  | { readonly kind: 'none' }
  /** More than one field has carried the name since the rule was written: which one was meant is not known. */
  | { readonly kind: 'ambiguous' };

/** A name → each field that ever carried it, with the last state in which it did. */
type Bearers = Map<string, Map<number, number>>;

/**
 * The fields a dataset ever had, by name, tag and parent: made in one pass, so that a policy of many rules is bound in
 * time linear in the rules. States are the schemas in the order they became current; the last is the current one.
 * Names compare without case, as the engine does.
 */
export class FieldIndex {
  readonly #sinceMs: readonly number[];
  readonly #current = new Set<number>();
  readonly #names: Bearers = new Map();
  /** Names without the steps `element` and `value` of lists and maps, where that makes a difference. */
  readonly #shortNames: Bearers = new Map();
  readonly #tagged = new Map<string, Set<number>>();
  readonly #inside = new Map<number, Set<number>>();

  constructor(facts: DatasetFacts) {
    const states = facts.history.toSorted((a, b) => a.sinceMs - b.sinceMs);
    this.#sinceMs = states.map((state) => state.sinceMs);
    for (const [index, state] of states.entries()) this.#add(state.columns, index);
    this.#add(facts.columns, states.length);
    for (const field of facts.columns) this.#current.add(field.fieldId);
  }

  /**
   * The fields a mask on `column` covers: every field that has carried the name since the schema current at `sinceMs`,
   * and those that carried it earlier and are gone now (only time travel reaches them).
   */
  masked(column: string, sinceMs: number): ReadonlySet<number> {
    const name = column.toLowerCase();
    const start = this.#stateAt(sinceMs);
    const fields = new Set<number>();
    for (const bearers of [this.#names.get(name), this.#shortNames.get(name)]) {
      for (const [fieldId, last] of bearers ?? []) {
        if (last >= start || !this.#current.has(fieldId)) fields.add(fieldId);
      }
    }
    return fields;
  }

  /** The one field a name inside a policy's expression stands for; a field that is gone now is none. */
  bind(name: string, sinceMs: number): NameBinding {
    const start = this.#stateAt(sinceMs);
    const bearers = [...(this.#names.get(name.toLowerCase()) ?? [])];
    const fields = bearers.filter(([, last]) => last >= start).map(([fieldId]) => fieldId);
    const [fieldId] = fields;
    if (fieldId === undefined) return { kind: 'none' };
    if (fields.length > 1) return { kind: 'ambiguous' };
    return this.#current.has(fieldId) ? { kind: 'field', fieldId } : { kind: 'none' };
  }

  /** The fields with a tag of the pattern, in any state. */
  *tagged(pattern: string): Iterable<number> {
    for (const [tag, fields] of this.#tagged) {
      if (matchesPattern(pattern, tag)) yield* fields;
    }
  }

  /** The fields inside a struct, list or map, at any depth, in any state. */
  inside(fieldId: number): Iterable<number> {
    return this.#inside.get(fieldId) ?? [];
  }

  /**
   * The state current at a time. One that began in the very same millisecond may be older or newer than the rule, so
   * the state before it counts too.
   */
  #stateAt(sinceMs: number): number {
    return Math.max(
      0,
      this.#sinceMs.findLastIndex((began) => began < sinceMs),
    );
  }

  #add(columns: readonly ColumnFacts[], state: number): void {
    const byPath = new Map<string, number>();
    const nested = columns.some((field) => field.path.length > 1);
    for (const field of columns) {
      const name = field.path.join('.').toLowerCase();
      remember(this.#names, name, field.fieldId, state);
      for (const tag of field.tags) setOf(this.#tagged, tag).add(field.fieldId);
      if (!nested) continue;
      const short = shortName(field.path).toLowerCase();
      if (short !== name) remember(this.#shortNames, short, field.fieldId, state);
      byPath.set(pathKey(field.path), field.fieldId);
    }
    if (nested) this.#addParents(columns, byPath);
  }

  #addParents(columns: readonly ColumnFacts[], byPath: ReadonlyMap<string, number>): void {
    for (const { path, fieldId } of columns) {
      for (let length = 1; length < path.length; length++) {
        const parent = byPath.get(pathKey(path.slice(0, length)));
        if (parent !== undefined) setOf(this.#inside, parent).add(fieldId);
      }
    }
  }
}

function remember(bearers: Bearers, name: string, fieldId: number, state: number): void {
  const fields = bearers.get(name);
  if (fields === undefined) bearers.set(name, new Map([[fieldId, state]]));
  else fields.set(fieldId, state);
}

function setOf<K>(sets: Map<K, Set<number>>, key: K): Set<number> {
  const known = sets.get(key) ?? new Set();
  sets.set(key, known);
  return known;
}

function shortName(path: readonly string[]): string {
  const last = path.length - 1;
  return path
    .filter((part, index) => index === 0 || index === last || (part !== 'element' && part !== 'value'))
    .join('.');
}

function pathKey(path: readonly string[]): string {
  return JSON.stringify(path);
}
