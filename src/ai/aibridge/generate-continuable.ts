import { isLakeError } from '../../base/index.ts';
import type { ReadScope } from '../../govern/scope/index.ts';
import { createAnswerCollector } from './answer-collector.ts';
import type { FailedAttempt } from './call-failure.ts';
import { type CallDeps, callModel, type Settled, type StartedAnswer } from './call-model.ts';
import {
  addedUsage,
  type ChatMessage,
  type ChatRequest,
  type ContentPart,
  type FinishReason,
  type TokenUsage,
} from './chat.ts';
import { modelsErrors } from './errors.ts';
import type { RoutePlan, Rung } from './routing/plan-route.ts';
import { createSeam } from './seam.ts';

/** How far an answer may be continued. */
export interface ContinuationLimits {
  /** Calls of a model for one answer, the first included. */
  readonly maxCalls: number;
  readonly maxOutputTokens: number;
  readonly maxCostNanoUsd: number;
}

export interface GenerateRequest {
  readonly plan: RoutePlan;
  readonly task: string;
  readonly chat: ChatRequest;
  readonly inputTokens: number;
  readonly images: number;
  readonly limits: ContinuationLimits;
  readonly signal: AbortSignal;
}

/** A whole answer, however many calls it took. */
export interface Generated {
  readonly text: string;
  readonly parts: readonly ContentPart[];
  /** `length` or `cut` where it is still cut after the last call that the limits allow. */
  readonly finish: FinishReason;
  readonly rung: Rung;
  readonly usage: TokenUsage;
  readonly costNanoUsd: number;
  readonly calls: number;
  readonly attempts: readonly FailedAttempt[];
}

const NO_USAGE: TokenUsage = { input: 0, cachedInput: 0, cacheWriteInput: 0, output: 0, reasoning: 0 };
/** The frames of the two turns that a continuation adds, and the words that ask for it. */
const TURNS_TOKENS = 64;
const CUT: ReadonlySet<FinishReason> = new Set(['length', 'pause', 'cut']);

/**
 * Generates one answer and yields its text as it comes. A cut-off answer is continued; an answer that thinking left empty
 * is asked for once more without thinking; JSON under a schema and tool calls are never continued but made anew with the
 * largest cap. All bounded by calls, tokens and dollars; where a further call is refused or fails, what is there is the
 * answer.
 *
 *     call ─▶ whole ──────────────────────────────▶ done
 *       ├──▶ cut, text ──▶ call with the text so far ─┐ (≤ maxCalls)
 *       ├──▶ cut, JSON or a tool call ──▶ call anew ──┤ (once)
 *       └──▶ empty after thinking ──▶ without thinking┘ (once)
 */
export async function* generateContinuable(
  deps: CallDeps,
  scope: ReadScope,
  request: GenerateRequest,
): AsyncGenerator<string, Generated> {
  const { limits, signal } = request;
  const most = Math.min(request.chat.maxOutputTokens ?? Infinity, limits.maxOutputTokens);
  const whole = request.chat.format.kind !== 'text' || request.chat.tools.length > 0;
  const done = { text: '', usage: NO_USAGE, costNanoUsd: 0, calls: 0, attempts: [] as FailedAttempt[] };
  let anew = false;
  let thinking = request.chat.reasoning;
  let last: Generated | null = null;
  for (;;) {
    const asked = callOf(request, {
      chat: { ...request.chat, reasoning: thinking },
      soFar: done.text,
      maxOutputTokens: most - done.usage.output,
      mayBeCut: !anew,
    });
    let started: StartedAnswer;
    try {
      started = await callModel(deps, scope, asked);
    } catch (error) {
      // What is there is an answer that met its limit; a refused continuation does not take it away.
      if (last === null || last.text === '' || signal.aborted || !isLakeError(error)) throw error;
      return yield* shownWhole(last, whole);
    }
    done.attempts.push(...started.attempts);
    const part = yield* readPart(started, { tail: done.text, yields: !whole });
    done.calls++;
    done.costNanoUsd += part.costNanoUsd;
    done.usage = addedUsage(done.usage, part.usage);
    const { finish, parts, text } = part;
    last = {
      ...done,
      text: done.text + text,
      parts: joined(done.text, parts),
      finish,
      rung: started.rung,
    };
    const spent =
      done.calls >= limits.maxCalls || done.usage.output >= most || done.costNanoUsd >= limits.maxCostNanoUsd;
    const isEmpty = text.trim() === '' && done.text === '' && !parts.some(({ kind }) => kind === 'tool_call');
    if (isEmpty && part.thought && thinking !== 'off' && !spent) thinking = 'off';
    else if (!CUT.has(finish) || spent || (whole && anew)) return yield* shownWhole(last, whole);
    else if (whole) anew = true;
    else done.text += text;
  }
}

/** The end of an answer; one that was not to be shown in parts is shown now. */
function* shownWhole(generated: Generated, whole: boolean): Generator<string, Generated> {
  if (whole && generated.text !== '') yield generated.text;
  return generated;
}

/** The whole answer, for callers that show nothing before it is complete. */
export async function generateWhole(...parts: Parameters<typeof generateContinuable>): Promise<Generated> {
  const pieces = generateContinuable(...parts);
  for (;;) {
    const step = await pieces.next();
    if (step.done === true) return step.value;
  }
}

function callOf(
  request: GenerateRequest,
  part: { chat: ChatRequest; soFar: string; maxOutputTokens: number; mayBeCut: boolean },
) {
  const { chat, soFar, maxOutputTokens, mayBeCut } = part;
  return {
    plan: request.plan,
    task: request.task,
    inputTokens: request.inputTokens + continuationTokens(soFar),
    images: request.images,
    maxOutputTokens,
    mayBeCut,
    stream: true,
    signal: request.signal,
    requestFor: (rung: Rung, cap: number) => ({
      kind: 'chat' as const,
      chat: {
        ...chat,
        maxOutputTokens: cap,
        messages: [...chat.messages, ...continuation(rung, chat, soFar)],
      },
    }),
  };
}

/** What a continuation adds to the input, at most: no tokenizer makes more of a text than its bytes. */
function continuationTokens(soFar: string): number {
  return soFar === '' ? 0 : Buffer.byteLength(soFar) + TURNS_TOKENS;
}

/** A model that takes the beginning of its own answer goes on from it; another one, and one that is to think first, is asked to. */
function continuation(rung: Rung, { reasoning }: ChatRequest, soFar: string): readonly ChatMessage[] {
  if (soFar === '') return [];
  const begun: ChatMessage = { role: 'assistant', parts: [{ kind: 'text', text: soFar.trimEnd() }] };
  const thinks = reasoning !== 'default' && reasoning !== 'off';
  if (rung.entry.capabilities.has('prefill') && !thinks) return [begun];
  const text =
    'Your answer was cut off. Go on exactly where it ended, without repeating or introducing anything.';
  return [begun, { role: 'user', parts: [{ kind: 'text', text }] }];
}

/** Reads one call to its end, yielding its text without what it repeats of `tail`. */
async function* readPart(started: StartedAnswer, options: { tail: string; yields: boolean }) {
  const collector = createAnswerCollector();
  const seam = createSeam(options.tail);
  let finish: FinishReason | null = null;
  let failure: 'cut_off' | 'cancelled' | null = 'cancelled';
  let settled: Settled = { costNanoUsd: 0, usage: NO_USAGE };
  let text = '';
  try {
    const { reply } = started;
    if (reply.kind !== 'stream') throw new Error('a streamed call answered whole');
    for await (const event of reply.events) {
      for (const delta of event.deltas) {
        collector.add(delta);
        if (delta.kind !== 'text') continue;
        const piece = seam.push(delta.text);
        text += piece;
        if (options.yields && piece !== '') yield piece;
      }
    }
    failure = null;
  } catch (error) {
    if (!isLakeError(error) || error.code !== modelsErrors.cut_off.code) throw error;
    failure = 'cut_off';
    finish = 'cut';
  } finally {
    settled = started.settle(collector, failure);
  }
  const rest = seam.end();
  text += rest;
  if (options.yields && rest !== '') yield rest;
  const answer = collector.answer();
  const parts = answer.parts.filter(({ kind }) => kind !== 'text');
  const thought = answer.parts.some(({ kind }) => kind === 'reasoning') || (answer.usage?.reasoning ?? 0) > 0;
  const said: readonly ContentPart[] = text === '' ? parts : [...parts, { kind: 'text', text }];
  return {
    text,
    parts: said,
    thought,
    finish: finish ?? answer.finish,
    ...settled,
  };
}

/** The parts of the last call, with the text of all. */
function joined(before: string, parts: readonly ContentPart[]): readonly ContentPart[] {
  if (before === '') return parts;
  const text = before + parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  return [...parts.filter(({ kind }) => kind !== 'text'), { kind: 'text', text }];
}
