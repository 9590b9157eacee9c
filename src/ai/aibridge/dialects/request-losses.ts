import type { JsonValue } from '../../../base/index.ts';
import type { Refusal } from './dialect.ts';
import type { RequestNode } from './request-node.ts';

/** What becomes of something a request may hold and the canonical chat has no place for. */
export interface RequestLoss {
  /** `poorer`: left out, and named; `wrong`: the answer would not be what was asked for. */
  readonly effect: 'poorer' | 'wrong';
  readonly why: string;
  /** Values that ask for nothing. Null never does. */
  readonly harmless?: readonly JsonValue[];
}

/** Collects what one request loses, by the names of one table. */
export class RequestLosses<Name extends string> {
  readonly #table: Readonly<Record<Name, RequestLoss>>;
  readonly #losses = new Set<string>();
  readonly #refusals = new Map<string, Refusal>();

  constructor(table: Readonly<Record<Name, RequestLoss>>) {
    this.#table = table;
  }

  get losses(): readonly string[] {
    return [...this.#losses];
  }

  get refusals(): readonly Refusal[] {
    return [...this.#refusals.values()];
  }

  note(name: Name): void {
    const { effect, why } = this.#table[name];
    if (effect === 'poorer') this.#losses.add(name);
    else this.#refusals.set(name, { name, why });
  }

  /** Notes each member that is not carried: by its row in the table, or as a loss where nobody has heard of it. */
  noteOthers(node: RequestNode, carried: ReadonlySet<string>, prefix = ''): void {
    for (const [member, value] of Object.entries(node.object())) {
      if (carried.has(member) || value === null) continue;
      const name = prefix + member;
      if (!this.#has(name)) this.#losses.add(shownName(name));
      else if (!this.#table[name].harmless?.includes(value)) this.note(name);
    }
  }

  #has(name: string): name is Name {
    return Object.hasOwn(this.#table, name);
  }
}

/** Names that the client made up may end in a header or a log. */
function shownName(name: string): string {
  return /^[\w.-]{1,64}$/.test(name) ? name : 'other members';
}
