import type { Clock } from '../../base/index.ts';
import type { Invocation } from '../../govern/scope/index.ts';
import type { ANSWER_OUTCOMES, AttemptRow } from '../knowledge/index.ts';
import type { BlindAnswer } from './model-answer/answer-schema.ts';
import type { ParsedAnswer } from './model-answer/parse-answer.ts';
import { askModel, type LadderRung } from './model-ladder.ts';

/** One call of a model for a file, as `kb.attempts` tells it but for the file itself. */
export interface Attempt
  extends Omit<AttemptRow, 'iteration_id' | 'repository' | 'path' | 'pass' | 'outcome'> {
  readonly pass: 'blind' | 'directed';
  readonly outcome: (typeof ANSWER_OUTCOMES)[number];
}

export interface PassParts {
  readonly nested: Invocation<unknown>['nested'];
  readonly clock: Clock;
  readonly message: { readonly system: string; readonly user: string };
}

/** An answer that was taken, and from whom. */
export interface Accepted<T> {
  readonly answer: T;
  readonly format: NonNullable<Attempt['output_format']>;
  readonly rung: LadderRung;
  readonly model: string;
}

/** What one call came to. */
export interface Said<T> {
  readonly attempt: Attempt;
  /** As the model wrote it. */
  readonly text: string;
  /** Null where it is not acceptable. */
  readonly accepted: Accepted<T> | null;
}

/** Asks one model once. Throws what a ceiling refuses. */
export async function askOnce<T>(
  parts: PassParts,
  rung: LadderRung,
  reading: {
    readonly pass: Attempt['pass'];
    readonly replicate: number;
    parse(text: string): ParsedAnswer<T>;
  },
): Promise<Said<T>> {
  const said = await askModel(parts, rung, parts.message);
  const parsed = said.outcome === 'answered' ? reading.parse(said.text) : null;
  const attempt: Attempt = {
    model: said.model,
    rung: rung.index,
    pass: reading.pass,
    replicate: reading.replicate,
    outcome: parsed?.outcome ?? (said.outcome === 'answered' ? 'failed' : said.outcome),
    output_format: parsed?.format ?? null,
    input_tokens: said.inputTokens,
    output_tokens: said.outputTokens,
    cost_usd: said.costUsd,
    latency_ms: said.latencyMs,
    recorded_at: new Date(parts.clock.nowMs()).toISOString(),
  };
  const isAccepted = parsed?.outcome === 'accepted';
  const accepted = isAccepted
    ? { answer: parsed.answer, format: parsed.format, rung, model: said.model }
    : null;
  return { attempt, text: said.text, accepted };
}

/** The blind reading of a file: what the accepting model said, as often as it was asked. */
export interface BlindReading {
  readonly accepted: Accepted<BlindAnswer>;
  readonly scores: readonly number[];
}

/**
 * The reading that stands for the replicates, the first of them first: the one with the lower median score. Scores of
 * several models are no replicates.
 */
export function blindReading(
  first: Accepted<BlindAnswer>,
  others: readonly Accepted<BlindAnswer>[],
): BlindReading {
  const readings = [first, ...others.filter(({ model }) => model === first.model)];
  const sorted = readings.toSorted((a, b) => a.answer.score - b.answer.score);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? first;
  return { accepted: median, scores: readings.map(({ answer }) => answer.score) };
}
