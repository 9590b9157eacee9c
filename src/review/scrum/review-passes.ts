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

/** Asks the rungs in order; the first acceptable answer wins. Every attempt is told to `attempts`. */
export async function firstAccepted<T>(
  parts: PassParts & { readonly attempts: Attempt[] },
  rungs: readonly LadderRung[],
  reading: {
    readonly pass: 'blind' | 'directed';
    readonly replicate: number;
    parse(text: string): ParsedAnswer<T>;
  },
): Promise<Accepted<T> | null> {
  for (const rung of rungs) {
    const said = await askModel(parts, rung, parts.message);
    const parsed = said.outcome === 'answered' ? reading.parse(said.text) : null;
    parts.attempts.push({
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
    });
    if (parsed?.outcome === 'accepted') {
      return { answer: parsed.answer, format: parsed.format, rung, model: said.model };
    }
  }
  return null;
}

/** The blind reading of a file: what the accepting model said, as often as it was asked. */
export interface BlindReading {
  readonly accepted: Accepted<BlindAnswer>;
  readonly scores: readonly number[];
}

/**
 * Walks the ladder once, then asks the accepting model again for each further replicate: scores of several models are
 * no replicates. A replicate that is not acceptable is left out. The reading that stands for all is the one with the
 * lower median score.
 */
export async function blindPass(
  parts: PassParts & { readonly attempts: Attempt[] },
  rungs: readonly LadderRung[],
  options: { readonly replicates: number; parse(text: string): ParsedAnswer<BlindAnswer> },
): Promise<BlindReading | null> {
  const { parse } = options;
  const first = await firstAccepted(parts, rungs, { pass: 'blind', replicate: 0, parse });
  if (first === null) return null;
  const readings = [first];
  for (let replicate = 1; replicate < options.replicates; replicate++) {
    const more = await firstAccepted(parts, [first.rung], { pass: 'blind', replicate, parse });
    if (more !== null && more.model === first.model) readings.push(more);
  }
  const sorted = readings.toSorted((a, b) => a.answer.score - b.answer.score);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? first;
  return { accepted: median, scores: readings.map(({ answer }) => answer.score) };
}
