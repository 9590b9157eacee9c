import fc from 'fast-check';
import type {
  AnswerFormat,
  ChatAnswer,
  ChatDelta,
  ChatMessage,
  ChatRequest,
  ContentPart,
  TokenUsage,
  ToolChoice,
} from '../../src/ai/aibridge/chat.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 24 });
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,11}$/);
const id = fc.stringMatching(/^call_[a-z0-9]{1,8}$/);
const object = fc.dictionary(name, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), {
  maxKeys: 4,
});
const argumentsJson = object.map((value) => JSON.stringify(value));
const count = fc.integer({ min: 1, max: 100_000 });
const base64 = fc.base64String({ minLength: 4, maxLength: 24 });

const textPart = text.map((said): ContentPart => ({ kind: 'text', text: said }));
const imagePart: fc.Arbitrary<ContentPart> = fc.oneof(
  fc
    .tuple(fc.constantFrom('image/png', 'image/jpeg'), base64)
    .map(([mediaType, data]): ContentPart => ({ kind: 'image', mediaType, data, url: null })),
  fc.webUrl().map((url): ContentPart => ({ kind: 'image', mediaType: '', data: null, url })),
);
const callPart: fc.Arbitrary<ContentPart> = fc
  .record({ id, name, argumentsJson })
  .map((call) => ({ kind: 'tool_call', ...call }));
const reasoningPart = (isSigned: boolean): fc.Arbitrary<ContentPart> =>
  fc
    .record({ text, signature: isSigned ? base64 : fc.constant(null) })
    .map((reasoning) => ({ kind: 'reasoning', ...reasoning }));

/** What a protocol can carry of a chat. */
export interface ChatLimits {
  /** Earlier reasoning is carried, with its signature. */
  readonly carriesReasoning: boolean;
  readonly carriesToolErrors: boolean;
  readonly maxTemperature: number;
  /** The name of a format survives. */
  readonly namesFormats: boolean;
}

/** Chats in their normal form: instructions first, then turns; each result of a tool is a message of its own. */
export function chats(limits: ChatLimits): fc.Arbitrary<ChatRequest> {
  const system = fc
    .array(textPart, { minLength: 1, maxLength: 2 })
    .map((parts): ChatMessage => ({ role: 'system', parts }));
  const user = fc
    .array(fc.oneof(textPart, imagePart), { minLength: 1, maxLength: 3 })
    .map((parts): ChatMessage => ({ role: 'user', parts }));
  const assistant = fc
    .tuple(
      limits.carriesReasoning ? fc.array(reasoningPart(true), { maxLength: 1 }) : fc.constant([]),
      fc.array(textPart, { minLength: 1, maxLength: 2 }),
      fc.array(callPart, { maxLength: 2 }),
    )
    .map((parts): ChatMessage => ({ role: 'assistant', parts: parts.flat() }));
  const results = fc.array(
    fc
      .record({ id, text, isError: limits.carriesToolErrors ? fc.boolean() : fc.constant(false) })
      .map((result): ChatMessage => ({ role: 'tool', parts: [{ kind: 'tool_result', ...result }] })),
    { maxLength: 2 },
  );
  const turns = fc.array(fc.tuple(assistant, results, user), { maxLength: 3 });
  const tool = fc.record({
    name,
    description: text,
    parameters: object.map((properties) => ({ type: 'object', properties })),
  });
  const chosen: fc.Arbitrary<ToolChoice> = fc.oneof(
    fc.constantFrom('auto' as const, 'none' as const, 'required' as const).map((kind) => ({ kind })),
    name.map((tool) => ({ kind: 'tool' as const, name: tool })),
  );
  const schema = object.map((properties) => ({ type: 'object', properties }));
  const format: fc.Arbitrary<AnswerFormat> = limits.namesFormats
    ? fc.oneof(
        fc.constantFrom('text' as const, 'json' as const).map((kind) => ({ kind })),
        fc
          .record({ name, schema, strict: fc.boolean() })
          .map((declared) => ({ kind: 'json_schema' as const, ...declared })),
      )
    : fc.oneof(
        fc.constant({ kind: 'text' as const }),
        schema.map((one) => ({ kind: 'json_schema' as const, name: 'answer', schema: one, strict: true })),
      );
  return fc
    .record({
      head: fc.tuple(fc.array(system, { maxLength: 1 }), user, turns),
      maxOutputTokens: count,
      temperature: fc.option(fc.integer({ min: 0, max: limits.maxTemperature * 10 }).map((n) => n / 10)),
      // All of it is the same as none given.
      topP: fc.option(fc.integer({ min: 1, max: 9 }).map((n) => n / 10)),
      stop: fc.array(text, { maxLength: 2 }),
      tools: fc.array(tool, { maxLength: 2 }),
      chosen,
      parallel: fc.option(fc.boolean()),
      format,
      reasoning: fc.constantFrom('default' as const, 'off' as const, 'low' as const, 'high' as const),
    })
    .map(({ head: [instructions, first, rest], chosen: choice, parallel, ...settings }) => ({
      ...settings,
      messages: [...instructions, first, ...rest.flatMap(([said, found, asked]) => [said, ...found, asked])],
      toolChoice: settings.tools.length === 0 ? ({ kind: 'auto' } as const) : choice,
      parallelToolCalls: settings.tools.length === 0 || choice.kind === 'none' ? null : parallel,
    }));
}

export const usages: fc.Arbitrary<TokenUsage> = fc
  .record({ plain: count, cachedInput: count, output: count, reasoning: fc.integer({ min: 0, max: 500 }) })
  .map(({ plain, cachedInput, output, reasoning }) => ({
    input: plain + cachedInput,
    cachedInput,
    cacheWriteInput: 0,
    output: output + reasoning,
    reasoning,
  }));

/** Whole answers: reasoning, text, calls. One that calls tools never says that it just stopped. */
export function answers(isSigned: boolean): fc.Arbitrary<ChatAnswer> {
  return fc
    .record({
      parts: fc.tuple(
        fc.array(reasoningPart(isSigned), { maxLength: 1 }),
        fc.array(textPart, { minLength: 1, maxLength: 1 }),
        fc.array(callPart, { maxLength: 3 }),
      ),
      finish: fc.constantFrom(
        'stop' as const,
        'length' as const,
        'tool_calls' as const,
        'content_filter' as const,
      ),
      usage: usages,
    })
    .map(({ parts: [reasoning, text, calls], finish, usage }) => ({
      id: 'answer-1',
      model: 'some/model:1t',
      parts: [...reasoning, ...text, ...calls],
      finish: finish === 'stop' && calls.length > 0 ? ('tool_calls' as const) : finish,
      usage,
    }));
}

/** An answer as a provider would stream it, its texts in pieces. */
export function deltasOf(answer: ChatAnswer, pieceLength: number): readonly ChatDelta[] {
  const deltas: ChatDelta[] = [{ kind: 'start', id: answer.id, model: answer.model }];
  let index = 0;
  for (const part of answer.parts) {
    if (part.kind === 'text') {
      deltas.push(
        ...pieces(part.text, pieceLength).map((one) => ({ kind: 'text' as const, choice: 0, text: one })),
      );
    } else if (part.kind === 'reasoning') {
      const thought = pieces(part.text, pieceLength).map((one) => ({ text: one, signature: null }));
      const signed = part.signature === null ? [] : [{ text: '', signature: part.signature }];
      deltas.push(
        ...[...thought, ...signed].map((one) => ({ kind: 'reasoning' as const, choice: 0, ...one })),
      );
    } else if (part.kind === 'tool_call') {
      const call = { kind: 'tool_call' as const, choice: 0, index: index++ };
      deltas.push({ ...call, id: part.id, name: part.name, argumentsJson: '' });
      for (const json of pieces(part.argumentsJson, pieceLength)) {
        deltas.push({ ...call, id: null, name: null, argumentsJson: json });
      }
    }
  }
  deltas.push({ kind: 'finish', choice: 0, reason: answer.finish });
  if (answer.usage !== null) deltas.push({ kind: 'usage', usage: answer.usage });
  return deltas;
}

function pieces(whole: string, length: number): readonly string[] {
  const characters = [...whole];
  return characters.flatMap((_, at) =>
    at % length === 0 ? [characters.slice(at, at + length).join('')] : [],
  );
}
