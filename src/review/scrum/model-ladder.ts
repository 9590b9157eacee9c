import { z } from 'zod';
import { type Clock, isLakeError, LakeError } from '../../base/index.ts';
import type { Invocation } from '../../govern/scope/index.ts';
import { scrumErrors } from './errors.ts';

type Nested = Invocation<unknown>['nested'];

/** The task class of every call: rules, routes and ceilings may name it. */
const TASK = 'scrum';
/** Tokens of one answer; a review of one file with suggestions is well below, thinking included. */
const MAX_ANSWER_TOKENS = 16_000;
/** Characters of code for one token, on the safe side. */
const CHARACTERS_PER_TOKEN = 3;

/** One model of the ladder, from the first. */
export interface LadderRung {
  readonly index: number;
  /** The full name. */
  readonly model: string;
  /** What is asked for: the model itself, or the ladder where a rule of the administrator decides. */
  readonly ask: string;
  readonly maxOutputTokens: number;
}

const explained = z.object({
  rule: z.string().nullable(),
  rungs: z.array(z.object({ model: z.string(), max_output_tokens: z.int(), granted: z.boolean() })),
  refusal: z.object({ code: z.string(), detail: z.string() }).nullable(),
});

/**
 * The models of a ladder that the caller may use, in its order, for an input of this size. Where a rule of the routing
 * table decides over the task, it decides for every model that could be named, and is asked once. Throws
 * `scrum.no_models`.
 */
export async function ladderRungs(
  nested: Nested,
  ladder: string,
  inputCharacters: number,
): Promise<readonly [LadderRung, ...LadderRung[]]> {
  const answer = await nested('models.route.explain', {
    ladder,
    task: TASK,
    input_tokens: Math.ceil(inputCharacters / CHARACTERS_PER_TOKEN),
  });
  const { rule, rungs, refusal } = explained.parse(answer.kind === 'value' ? answer.value : null);
  const granted = rungs.filter((rung) => rung.granted);
  const [first, ...rest] = granted.map(
    ({ model, max_output_tokens: most }, index): LadderRung => ({
      index,
      model,
      ask: rule === null ? model : `ladder/${ladder}`,
      maxOutputTokens: Math.min(most, MAX_ANSWER_TOKENS),
    }),
  );
  if (first === undefined || refusal !== null) {
    const why = refusal?.detail ?? 'Its models are not granted to you.';
    throw new LakeError(scrumErrors.no_models, { detail: `The ladder "${ladder}" cannot be used: ${why}` });
  }
  return rule === null ? [first, ...rest] : [first];
}

/** What one call of a model came to. */
export interface ModelAnswer {
  /** The model that answered; the one that was asked where none did. */
  readonly model: string;
  readonly outcome: 'answered' | 'cut' | 'refused' | 'failed';
  readonly text: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
  readonly latencyMs: number;
}

const chatAnswer = z.object({
  model: z.string(),
  text: z.string(),
  finish: z.string(),
  usage: z.object({ input_tokens: z.number(), output_tokens: z.number(), cost_usd: z.number() }),
});

/**
 * Asks one model, as the caller: access, ceilings, truth, continuation, usage and journal are those of every chat. A
 * ceiling's refusal is thrown, since the next model would meet it too; so is everything that is not the model's own.
 */
export async function askModel(
  parts: { readonly nested: Nested; readonly clock: Clock },
  rung: LadderRung,
  message: { readonly system: string; readonly user: string },
): Promise<ModelAnswer> {
  const startedMs = parts.clock.monotonicMs();
  const latencyMs = () => Math.round(parts.clock.monotonicMs() - startedMs);
  try {
    const answer = await parts.nested('models.chat', {
      model: rung.ask,
      task: TASK,
      format: 'json',
      max_output_tokens: rung.maxOutputTokens,
      messages: [
        { role: 'system', content: message.system },
        { role: 'user', content: message.user },
      ],
    });
    const { model, text, finish, usage } = chatAnswer.parse(answer.kind === 'value' ? answer.value : null);
    return {
      model,
      outcome: OUTCOMES[finish] ?? 'answered',
      text,
      inputTokens: usage.input_tokens,
      outputTokens: usage.output_tokens,
      costUsd: usage.cost_usd,
      latencyMs: latencyMs(),
    };
  } catch (error) {
    const outcome = failureOf(error);
    if (outcome === null) throw error;
    const none = { text: '', inputTokens: 0, outputTokens: 0, costUsd: 0 };
    return { ...none, model: rung.model, outcome, latencyMs: latencyMs() };
  }
}

/** What an answer that did not stop by itself is. */
const OUTCOMES: Readonly<Record<string, ModelAnswer['outcome']>> = {
  length: 'cut',
  cut: 'cut',
  pause: 'cut',
  content_filter: 'refused',
};

/** The failure of a provider, or of truth to let its answer pass; null for what is no failure of the model. */
function failureOf(error: unknown): 'failed' | 'refused' | null {
  if (!isLakeError(error)) return null;
  if (error.code.startsWith('models.')) return 'failed';
  return error.code === 'door.truth_blocked' || error.code === 'door.review_required' ? 'refused' : null;
}
