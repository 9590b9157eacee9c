import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answers, type ChatLimits, chats, deltasOf } from '../../../../test/support/chat-arbitraries.ts';
import { answerOf } from '../../../../test/support/provider-calls.ts';
import { chunksOf, cuts } from '../../../../test/support/split-bytes.ts';
import type { JsonObject, JsonValue } from '../../../base/index.ts';
import type { ChatAnswer, ChatDelta, ChatRequest } from '../chat.ts';
import { readAnthropicAnswers } from '../providers/anthropic/read-answer.ts';
import { AnthropicChatReader } from '../providers/anthropic/stream-reader.ts';
import { ANTHROPIC_LOSSES, writeAnthropicChat } from '../providers/anthropic/write-chat.ts';
import { readOpenAiAnswers } from '../providers/openai-compatible/read-answer.ts';
import { OpenAiChatReader } from '../providers/openai-compatible/stream-reader.ts';
import { OPENAI_LOSSES, writeOpenAiChat } from '../providers/openai-compatible/write-chat.ts';
import { lossesIn } from '../providers/translation-loss.ts';
import { ServerSentEvents } from '../transport/server-sent-events.ts';
import type { ChatReader } from '../transport/stream-events.ts';
import { anthropicDialect } from './anthropic.ts';
import type { Dialect } from './dialect.ts';
import { openAiDialect } from './openai.ts';

interface Trip {
  readonly dialect: Dialect;
  readonly limits: ChatLimits;
  readonly isSigned: boolean;
  write(chat: ChatRequest, stream: boolean): JsonObject;
  losses(chat: ChatRequest): readonly string[];
  read(body: JsonValue): readonly ChatAnswer[] | null;
  createReader(): ChatReader;
}

const TRIPS: readonly Trip[] = [
  {
    dialect: openAiDialect,
    limits: { carriesReasoning: false, carriesToolErrors: false, maxTemperature: 2, namesFormats: true },
    isSigned: false,
    write: (chat, stream) =>
      writeOpenAiChat(chat, { model: 'some/model:1t', stream, limitMember: 'max_completion_tokens' }).body,
    losses: (chat) => lossesIn(OPENAI_LOSSES, chat),
    read: readOpenAiAnswers,
    createReader: () => new OpenAiChatReader({ stripsUsage: false }),
  },
  {
    dialect: anthropicDialect,
    limits: { carriesReasoning: true, carriesToolErrors: true, maxTemperature: 1, namesFormats: false },
    isSigned: true,
    write: (chat, stream) => writeAnthropicChat(chat, { model: 'some/model:1t', stream }),
    losses: (chat) => lossesIn(ANTHROPIC_LOSSES, chat),
    read: readAnthropicAnswers,
    createReader: () => new AnthropicChatReader(),
  },
];

const FACTS = { id: 'answer-1', createdMs: 1_790_000_000_000, model: 'some/model:1t' };
/** A schema has no name here, and every chat with one says so. */
const NAMELESS = 'response_format.json_schema.name';

function readDeltas(reader: ChatReader, chunks: readonly Uint8Array[]): readonly ChatDelta[] {
  const events = new ServerSentEvents();
  const wire = [...chunks.flatMap((chunk) => events.push(chunk)), ...events.end()];
  const deltas = wire.flatMap((event) => reader.read(event).deltas);
  expect(reader.isFinished()).toBe(true);
  return deltas;
}

describe.each(TRIPS)('$dialect.protocol', (trip) => {
  const { dialect } = trip;

  it('requests come back from the wire as they were, and losses are named where they do not', () => {
    fc.assert(
      fc.property(chats(trip.limits), fc.boolean(), (chat, stream) => {
        const body = JSON.parse(JSON.stringify(trip.write(chat, stream)));
        const parsed = dialect.parseRequest(body);
        expect(parsed).toMatchObject({ model: 'some/model:1t', stream, losses: [], refusals: [] });
        const lost = trip.losses(chat).filter((name) => name !== NAMELESS);
        if (lost.length === 0) expect(parsed.chat).toEqual(chat);
        else expect(parsed.chat).not.toEqual(chat);
      }),
      { numRuns: 1_000 },
    );
  });

  it('whole answers come back from the wire as they were', () => {
    fc.assert(
      fc.property(answers(trip.isSigned), (answer) => {
        const body = JSON.parse(JSON.stringify(dialect.writeAnswer(answer, FACTS)));
        expect(trip.read(body)).toEqual([answer]);
        expect(dialect.lossesOf(answer)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('streamed answers come back from the wire as they were, however it is split', () => {
    fc.assert(
      fc.property(answers(trip.isSigned), fc.integer({ min: 1, max: 9 }), cuts, (answer, length, places) => {
        const writer = dialect.createStreamWriter({ ...FACTS, includesUsage: true });
        const written = deltasOf(answer, length).map((delta) => writer.write(delta));
        const bytes = Buffer.concat([...written, writer.end()]);
        expect(answerOf(readDeltas(trip.createReader(), chunksOf(bytes, places)))).toEqual(answer);
      }),
      { numRuns: 500 },
    );
  });

  it('calls that are streamed side by side are kept apart', () => {
    const answer: ChatAnswer = {
      ...FACTS,
      parts: ['a', 'b'].map((name) => ({
        kind: 'tool_call',
        id: `call_${name}`,
        name,
        argumentsJson: '{"n":12}',
      })),
      finish: 'tool_calls',
      usage: null,
    };
    const [start, ...rest] = deltasOf(answer, 3);
    const inTurns = rest.toSorted((a, b) => place(a) - place(b));
    const writer = dialect.createStreamWriter({ ...FACTS, includesUsage: true });
    const written = [start, ...inTurns].flatMap((delta) =>
      delta === undefined ? [] : [writer.write(delta)],
    );
    const read = answerOf(readDeltas(trip.createReader(), [...written, writer.end()]));
    expect(read.parts).toEqual(answer.parts);
  });

  it('a stream that fails has an error and no end', () => {
    const writer = dialect.createStreamWriter({ ...FACTS, includesUsage: true });
    const chunks = [
      writer.write({ kind: 'start', id: 'x', model: 'y' }),
      writer.write({ kind: 'text', choice: 0, text: 'Half of' }),
      writer.fail({ code: 'models.cut_off', message: 'The stream of the provider was cut.' }),
    ];
    const reader = trip.createReader();
    const events = new ServerSentEvents().push(Buffer.concat(chunks));
    const last = events.at(-1);
    for (const event of events.slice(0, -1)) reader.read(event);
    expect(reader.isFinished()).toBe(false);
    expect(last?.data).toContain('was cut');
    expect(last?.data).toContain('models.cut_off');
    expect(() => (last === undefined ? null : reader.read(last))).toThrow(/holds an error/);
  });

  it('an answer that was cut never reads as whole', () => {
    const cut: ChatAnswer = {
      ...FACTS,
      parts: [{ kind: 'text', text: 'Half of' }],
      finish: 'cut',
      usage: null,
    };
    expect(trip.read(dialect.writeAnswer(cut, FACTS))?.[0]?.finish).toBe('length');
    const writer = dialect.createStreamWriter({ ...FACTS, includesUsage: true });
    const chunks = [writer.write({ kind: 'text', choice: 0, text: 'Half of' }), writer.end()];
    expect(answerOf(readDeltas(trip.createReader(), chunks)).finish).toBe('length');
  });
});

/** Where in its own call a delta stands, so that sorting by it takes the calls in turns. */
function place(delta: ChatDelta): number {
  if (delta.kind !== 'tool_call') return 100;
  return delta.id === null ? 1 : 0;
}
