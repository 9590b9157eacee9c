import { isJsonObject, type JsonObject, type JsonValue } from '../../../../base/index.ts';
import type { ChatAnswer, ContentPart, FinishReason, TokenUsage } from '../../chat.ts';
import { countOf, objectOf, objectsOf, stringOf } from '../../json-reading.ts';
import { otherTextOfChoice, otherTextOfCompletion } from './other-text.ts';

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
};

/** One answer for each choice of a chat completion; null where the body is none. */
export function readOpenAiAnswers(body: JsonValue): readonly ChatAnswer[] | null {
  const completion = objectOf(body);
  if (!Array.isArray(completion.choices)) return null;
  const usage = readOpenAiUsage(completion.usage);
  const beside = otherTextOfCompletion(completion);
  return objectsOf(completion.choices).map((choice) => {
    const otherText = [beside, otherTextOfChoice(choice, 'message')].filter((text) => text !== '').join('\n');
    const parts = readMessage(objectOf(choice.message));
    const calledTools = parts.some(({ kind }) => kind === 'tool_call');
    return {
      id: stringOf(completion.id) ?? '',
      model: stringOf(completion.model) ?? '',
      parts,
      finish: readOpenAiFinish(choice.finish_reason, calledTools) ?? 'cut',
      usage,
      ...(otherText === '' ? {} : { otherText }),
    };
  });
}

/**
 * Null where no reason is given. A reason that is not known still is one. Services say `stop` also where the model stopped
 * to call a tool, OpenAI itself where it was made to.
 */
export function readOpenAiFinish(reason: JsonValue | undefined, calledTools: boolean): FinishReason | null {
  const text = stringOf(reason);
  if (text === null) return null;
  if (text === 'stop' && calledTools) return 'tool_calls';
  return Object.hasOwn(FINISH_REASONS, text) ? (FINISH_REASONS[text] ?? 'stop') : 'stop';
}

/**
 * Null where the provider reported none. The details are named differently by services that report them at all. Some (xAI,
 * Gemini) count and bill reasoning beside `completion_tokens`: only the total holds it. None says how long what it wrote to
 * a cache lives there, so that it counts as written to the dearer one.
 */
export function readOpenAiUsage(value: JsonValue | undefined): TokenUsage | null {
  const usage = objectOf(value);
  const input = countOf(usage.prompt_tokens);
  if (input === null) return null;
  const details = objectOf(usage.prompt_tokens_details);
  const completion = countOf(usage.completion_tokens) ?? 0;
  const cacheWriteInput = countOf(details.cache_write_tokens) ?? 0;
  const billedNanoUsd = readBilled(usage);
  return {
    input,
    cachedInput: countOf(details.cached_tokens) ?? countOf(usage.prompt_cache_hit_tokens) ?? 0,
    cacheWriteInput,
    ...(cacheWriteInput === 0 ? {} : { cacheWriteLongInput: cacheWriteInput }),
    output: Math.max(completion, (countOf(usage.total_tokens) ?? 0) - input),
    reasoning: countOf(objectOf(usage.completion_tokens_details).reasoning_tokens) ?? 0,
    ...(billedNanoUsd === null ? {} : { billedNanoUsd }),
  };
}

/** Nano-dollars of each unit in which services say what a call cost: OpenRouter, DeepInfra and Perplexity, and xAI. */
const NANO_USD_PER_DOLLAR = 1e9;
const NANO_USD_PER_TICK = 0.1;

function readBilled(usage: JsonObject): number | null {
  const dollars =
    amountOf(usage.cost) ?? amountOf(objectOf(usage.cost).total_cost) ?? amountOf(usage.estimated_cost);
  const ticks = amountOf(usage.cost_in_usd_ticks);
  if (dollars === null && ticks === null) return null;
  const nanoUsd = (dollars ?? 0) * NANO_USD_PER_DOLLAR + (ticks ?? 0) * NANO_USD_PER_TICK;
  // A decimal of dollars is no multiple of a nano-dollar as a binary number.
  return Math.min(Math.ceil(Number(nanoUsd.toPrecision(15))), Number.MAX_SAFE_INTEGER);
}

function amountOf(value: JsonValue | undefined): number | null {
  return typeof value === 'number' && value >= 0 ? value : null;
}

/** What a message or a delta says as text; some services give a list of parts. A refusal is said to the user as well. */
export function readOpenAiText(message: JsonObject): string {
  const parts = objectsOf(message.content).map(({ text }) => stringOf(text) ?? '');
  return (stringOf(message.content) ?? parts.join('')) + (stringOf(message.refusal) ?? '');
}

export function readOpenAiReasoning(message: JsonObject): string {
  return stringOf(message.reasoning_content) ?? stringOf(message.reasoning) ?? '';
}

/** The arguments as text; a few services give the object itself. */
export function readOpenAiArguments(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  return stringOf(value) ?? JSON.stringify(value);
}

function readMessage(message: JsonObject): readonly ContentPart[] {
  const reasoning = readOpenAiReasoning(message);
  const text = readOpenAiText(message);
  const calls = objectsOf(message.tool_calls).flatMap((call): readonly ContentPart[] => {
    if (!isJsonObject(call.function)) return [];
    const { name, arguments: json } = call.function;
    return [
      {
        kind: 'tool_call',
        id: stringOf(call.id) ?? '',
        name: stringOf(name) ?? '',
        argumentsJson: readOpenAiArguments(json),
      },
    ];
  });
  return [
    ...(reasoning === '' ? [] : [{ kind: 'reasoning', text: reasoning, signature: null } as const]),
    ...(text === '' ? [] : [{ kind: 'text', text } as const]),
    ...calls,
  ];
}
