import type { ChatAnswer, ChatDelta, ChatRequest, ContentPart } from '../../src/ai/aibridge/chat.ts';
import { type ChatReply, ProviderFailure } from '../../src/ai/aibridge/provider.ts';
import { type Spending, type SpendPlan, spendingIssuer } from '../../src/govern/scope/index.ts';

const PLAN: SpendPlan = {
  provider: 'scripted',
  model: 'scripted/plain',
  task: 'test',
  rule: null,
  costNanoUsd: 0,
  tokens: 0,
};

/** A spending good for one call, as the door would issue it. */
export function spendingOf(): Spending {
  return spendingIssuer.issue('spending-1', PLAN, () => undefined);
}

/** A chat of one question, changed in the given members. */
export function chatOf(changes: Partial<ChatRequest> = {}): ChatRequest {
  return {
    messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hello?' }] }],
    maxOutputTokens: 256,
    temperature: null,
    topP: null,
    stop: [],
    tools: [],
    toolChoice: { kind: 'auto' },
    parallelToolCalls: null,
    format: { kind: 'text' },
    reasoning: 'default',
    ...changes,
  };
}

/** The failure a call ends with; anything else fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<ProviderFailure> {
  const ended = await call.then(
    () => 'an answer',
    (error: unknown) => error,
  );
  if (ended instanceof ProviderFailure) return ended;
  throw new Error('expected a ProviderFailure', { cause: ended });
}

export interface ReadStream {
  readonly bytes: Buffer;
  readonly deltas: readonly ChatDelta[];
  /** Null where the stream ended properly. */
  readonly failure: ProviderFailure | null;
}

/** Reads a stream to its end, proper or not. */
export async function readStream(reply: ChatReply): Promise<ReadStream> {
  if (reply.kind !== 'stream') throw new Error('expected a stream');
  const chunks: Uint8Array[] = [];
  const deltas: ChatDelta[] = [];
  try {
    for await (const event of reply.events) {
      chunks.push(event.bytes);
      deltas.push(...event.deltas);
    }
  } catch (error) {
    if (!(error instanceof ProviderFailure)) throw error;
    return { bytes: Buffer.concat(chunks), deltas, failure: error };
  }
  return { bytes: Buffer.concat(chunks), deltas, failure: null };
}

/** The answer that the deltas of one choice make. */
export function answerOf(deltas: readonly ChatDelta[], choice = 0): ChatAnswer {
  const parts: ContentPart[] = [];
  const calls = new Map<number, { id: string; name: string; argumentsJson: string }>();
  let answer: ChatAnswer = { id: '', model: '', parts, finish: 'cut', usage: null };
  for (const delta of deltas) {
    if (delta.kind === 'start') answer = { ...answer, id: delta.id, model: delta.model };
    else if (delta.kind === 'usage') answer = { ...answer, usage: delta.usage };
    else if (delta.choice !== choice) continue;
    else if (delta.kind === 'other') answer = { ...answer, otherText: (answer.otherText ?? '') + delta.text };
    else if (delta.kind === 'finish') answer = { ...answer, finish: delta.reason };
    else if (delta.kind === 'tool_call') {
      const call = calls.get(delta.index) ?? { id: '', name: '', argumentsJson: '' };
      calls.set(delta.index, {
        id: delta.id ?? call.id,
        name: delta.name ?? call.name,
        argumentsJson: call.argumentsJson + delta.argumentsJson,
      });
    } else appendSaid(parts, delta);
  }
  return {
    ...answer,
    parts: [...parts, ...[...calls.values()].map((call) => ({ kind: 'tool_call' as const, ...call }))],
  };
}

function appendSaid(parts: ContentPart[], delta: Extract<ChatDelta, { kind: 'text' | 'reasoning' }>): void {
  const last = parts.at(-1);
  if (delta.kind === 'text') {
    if (last?.kind === 'text') parts[parts.length - 1] = { ...last, text: last.text + delta.text };
    else parts.push({ kind: 'text', text: delta.text });
    return;
  }
  // A signature ends the reasoning it signs.
  if (last?.kind === 'reasoning' && last.signature === null) {
    parts[parts.length - 1] = { ...last, text: last.text + delta.text, signature: delta.signature };
  } else parts.push({ kind: 'reasoning', text: delta.text, signature: delta.signature });
}
