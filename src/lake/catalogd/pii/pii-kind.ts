import type { ColumnName } from './column-name.ts';
import type { ColumnView } from './column-view.ts';

/** One kind of personal data and how it is recognised. */
export interface PiiKind {
  readonly tag: string;
  /** From 0 (not this kind) to 1. */
  confidence(column: ColumnView, table: TableView): number;
  /** Values within free text; absent where only a column's context could tell. */
  readonly inText?: TextFinder;
}

/** Finds values of one kind in free text. */
export interface TextFinder {
  /** Whether the text surely holds one. */
  holds(text: string): boolean;
  /**
   * What at the end of a text may be the beginning of a value, with more text: anchored there, and matching from where the
   * earliest of them could begin. A text that `holds` is true of with more text, and false of without, holds none before it.
   */
  readonly open: RegExp;
  /** The same of what is so much of a value already that it is hardly anything else: anchored there, bounded. */
  readonly begun: RegExp;
}

/** What the other columns say of the whole dataset. */
export interface TableView {
  /** Some column certainly holds names, e-mail addresses, SSNs or birth dates. */
  readonly aboutPeople: boolean;
}

/** What a column's name says: it names the kind, hints at it, says nothing, or says it is something else. */
export type NameSignal = 'names' | 'hints' | 'silent' | 'denies';

/** Reads a name against a kind's phrases. A denying phrase wins, because it qualifies the naming one: `phone model`. */
export function nameSignal(
  name: ColumnName,
  phrases: {
    readonly names: readonly string[];
    readonly hints?: readonly string[];
    readonly denies: readonly string[];
  },
): NameSignal {
  if (name.hasAny(phrases.denies)) return 'denies';
  if (name.hasAny(phrases.names)) return 'names';
  return name.hasAny(phrases.hints ?? []) ? 'hints' : 'silent';
}

/** Fewer distinct values than this prove nothing without the name's help. */
const ENOUGH_VALUES = 5;

/**
 * Joins what name and content say. `share` is the part of the values that are of the kind; content that contradicts the
 * name lowers the confidence to nothing, and content alone must be near unanimous.
 */
export function joined(
  signal: NameSignal,
  column: ColumnView,
  evidence: {
    readonly share: number;
    /** The share from which content alone decides; null where it may only raise a suspicion. */
    readonly aloneFrom: number | null;
  },
): number {
  const { share } = evidence;
  if (column.values.length === 0) return signal === 'names' ? 0.8 : signal === 'hints' ? 0.45 : 0;
  if (signal === 'names') return share >= 0.5 ? 0.95 : share >= 0.2 ? 0.8 : share > 0.05 ? 0.5 : 0.1;
  if (signal === 'hints') return share >= 0.6 ? 0.85 : share >= 0.3 ? 0.75 : share > 0.1 ? 0.4 : 0;
  if (column.values.length < ENOUGH_VALUES) return 0;
  const decided = evidence.aloneFrom !== null && share >= evidence.aloneFrom;
  if (signal === 'silent' && decided) return 0.85;
  return share >= 0.8 && signal === 'silent' ? 0.5 : 0;
}

/** The part of the values a test accepts; 0 where there are none. */
export function shareOf(values: readonly string[], accepts: (value: string) => boolean): number {
  return values.length === 0 ? 0 : values.filter(accepts).length / values.length;
}
