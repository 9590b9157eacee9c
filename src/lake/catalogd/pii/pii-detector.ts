import { columnName } from './column-name.ts';
import { type ColumnView, sampledValues } from './column-view.ts';
import { addressKind } from './kinds/address.ts';
import { birthDateKind } from './kinds/birth-date.ts';
import { cardKind } from './kinds/card.ts';
import { emailKind } from './kinds/email.ts';
import { ipKind } from './kinds/ip.ts';
import { payKind } from './kinds/pay.ts';
import { personNameKind } from './kinds/person-name.ts';
import { phoneKind } from './kinds/phone.ts';
import { ssnKind } from './kinds/ssn.ts';
import type { PiiKind } from './pii-kind.ts';

/** Finds columns that hold personal data, by name and by sampled content. */
export interface PiiDetector {
  /** Changes whenever the same columns may get another answer; a dataset tagged by an older one can be resynced. */
  readonly version: string;
  /**
   * Judges the columns of one dataset together (a salary is likelier beside names). Samples are plain values, null
   * included; a few hundred rows from across the dataset are enough, more are thinned out evenly.
   */
  detect(columns: readonly SampledColumn[]): readonly PiiFinding[];
}

export interface SampledColumn {
  readonly name: string;
  /** Iceberg or engine type name; used to rule kinds out, never alone to find one. */
  readonly type: string;
  readonly samples: readonly unknown[];
}

export interface PiiFinding {
  readonly name: string;
  /** For example `pii.email`. */
  readonly tag: string;
  /** From 0 to 1. */
  readonly confidence: number;
  /** True between the thresholds: not sure enough to tag, too likely to say nothing. */
  readonly suspected: boolean;
}

const VERSION = '4';
const TAG_FROM = 0.75;
const SUSPECT_FROM = 0.4;

const KINDS: readonly PiiKind[] = [
  emailKind,
  phoneKind,
  ssnKind,
  cardKind,
  ipKind,
  birthDateKind,
  personNameKind,
  addressKind,
  payKind,
];

/** Kinds that make a table one about people; the weaker signs of other columns then count. */
const PERSONAL: ReadonlySet<string> = new Set(['pii.email', 'pii.person_name', 'pii.ssn', 'pii.birth_date']);

/** The detector of this version. Deterministic; every pattern is linear in the length of a value (K-15). */
export function createPiiDetector(): PiiDetector {
  return {
    version: VERSION,
    detect(columns) {
      const views = columns.map(viewOf);
      const alone = judged(views, false);
      const aboutPeople = alone.some((one) => PERSONAL.has(one.tag) && !one.suspected);
      return aboutPeople ? judged(views, true) : alone;
    },
  };
}

/**
 * Finds in free text: e-mail addresses, phone, card and social security numbers. Names, pay and dates are not told from other
 * words by their form.
 */
export const personalDataInText = {
  /** Tags of the kinds that the text surely holds. */
  kindsIn(text: string): readonly string[] {
    return KINDS.flatMap(({ inText, tag }) => (inText?.holds(text) === true ? [tag] : []));
  },
  /**
   * Where the end of the text begins that may, with more text, turn out to be of a kind; the text's length where none of it
   * may. `begun`: only what is much of a value already, for a text of which it is not sure that it goes on.
   */
  openFrom(text: string, which: 'open' | 'begun' = 'open'): number {
    const starts = KINDS.map(({ inText }) => inText?.[which].exec(text)?.index ?? text.length);
    return Math.min(...starts);
  },
};

function viewOf(column: SampledColumn): ColumnView {
  return {
    originalName: column.name,
    name: columnName(column.name),
    type: column.type.toLowerCase(),
    values: sampledValues(column.samples),
  };
}

function judged(views: readonly ColumnView[], aboutPeople: boolean): readonly PiiFinding[] {
  return views.flatMap((view) => {
    if (view.type === 'boolean') return [];
    return KINDS.flatMap((kind) => {
      const confidence = kind.confidence(view, { aboutPeople });
      if (confidence < SUSPECT_FROM) return [];
      return [{ name: view.originalName, tag: kind.tag, confidence, suspected: confidence < TAG_FROM }];
    });
  });
}
