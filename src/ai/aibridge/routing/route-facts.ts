import type { Capability } from '../catalogue/model-entry.ts';

/** What routing may know of a request. No prompt and no answer is among it. */
export interface RouteFacts {
  /** As the client named it; null where it named none. */
  readonly model: string | null;
  /** A ladder asked for by name; null for none. */
  readonly ladder: string | null;
  readonly task: string;
  readonly role: string;
  readonly tags: readonly string[];
  /** `most` of the token estimate: rules and costs go by it. */
  readonly inputTokens: number;
  /** `likely` of the token estimate: a window refuses by it. `inputTokens` where absent. */
  readonly likelyInputTokens?: number;
  /** `chat` or `embeddings`, and what else the request uses. */
  readonly needs: ReadonlySet<Capability>;
  /** The client's own limit of the answer; null or absent for none. */
  readonly maxOutputTokens?: number | null;
}

/** One thing that was looked at on the way to a plan, in the order of looking. */
export interface Consideration {
  /** `rule "x"`, `prefix "gpt-"`, `openai/gpt-4o`. */
  readonly considered: string;
  readonly outcome: 'chosen' | 'passed over' | 'skipped';
  readonly why: string;
}
