import type { JsonValue } from '../../../base/index.ts';
import type { Refusal } from './dialect.ts';
import type { RequestNode } from './request-node.ts';
import { type Unread, UnreadContent } from './unread-content.ts';

/** What becomes of something a request may hold and the canonical chat has no place for. */
export interface RequestLoss {
  /** `poorer`: left out, and named; `wrong`: the answer would not be what was asked for. */
  readonly effect: 'poorer' | 'wrong';
  readonly why: string;
  /** Values that ask for nothing. Null never does. */
  readonly harmless?: readonly JsonValue[];
  /** Text that reaches the model, though the answer is only poorer without it; what makes it wrong always does. */
  readonly isSaid?: boolean;
}

/** Collects what one request loses, by the names of one table. */
export class RequestLosses<Name extends string> {
  readonly #table: Readonly<Record<Name, RequestLoss>>;
  readonly #losses = new Set<string>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #unread = new UnreadContent();

  constructor(table: Readonly<Record<Name, RequestLoss>>) {
    this.#table = table;
  }

  get losses(): readonly string[] {
    return [...this.#losses];
  }

  get refusals(): readonly Refusal[] {
    return [...this.#refusals.values()];
  }

  /** What a provider of the same protocol is given all the same. */
  get unread(): Unread {
    return this.#unread;
  }

  /** Notes a part of a message that is not carried. */
  notePart(name: Name, part: RequestNode): void {
    this.note(name);
    this.#unread.addPart(part.value);
  }

  /** `said` is what the model is told by it. */
  note(name: Name, said?: RequestNode): void {
    const { effect, why } = this.#table[name];
    if (said !== undefined) this.#unread.add(said.value);
    if (effect === 'poorer') this.#losses.add(name);
    else this.#refusals.set(name, { name, why });
  }

  /** Notes each member that is not carried: by its row in the table, or as a loss where nobody has heard of it. */
  noteOthers(node: RequestNode, carried: ReadonlySet<string>, prefix = ''): void {
    for (const [member, value] of Object.entries(node.object())) {
      if (carried.has(member) || value === null) continue;
      const name = prefix + member;
      const isKnown = this.#has(name);
      if (isKnown && this.#table[name].harmless?.includes(value) === true) continue;
      // What merely makes an answer poorer is told to the service, not to the model.
      if (!isKnown || this.#table[name].effect === 'wrong' || this.#table[name].isSaid === true)
        this.#unread.add(value);
      if (isKnown) this.note(name);
      else this.#losses.add(shownName(name));
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
