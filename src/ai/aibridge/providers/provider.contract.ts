import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answerOf,
  chatOf,
  failureOf,
  readStream,
  spendingOf,
} from '../../../../test/support/provider-calls.ts';
import {
  type ScriptedProvider,
  startScriptedProvider,
} from '../../../../test/support/scripted-provider/scripted-provider.ts';
import {
  PLAIN_TEXT,
  reply,
  SCRIPTED_REPLIES,
} from '../../../../test/support/scripted-provider/scripted-reply.ts';
import { systemClock } from '../../../base/index.ts';
import type { ChatRequest } from '../chat.ts';
import type { ChatCall, FailureClass, ModelProvider } from '../provider.ts';
import { type ConfiguredProvider, createProvider, type ProviderKind } from './create-provider.ts';

const KEY = 'sk-canary-key-0123456789';
const PROMPT = 'The canary prompt.';
const MAX_BYTES = 4_000_000;
const PATIENT = { headersMs: 30_000, idleMs: 30_000, totalMs: 60_000 };

/** What differs between the protocols as far as every provider promises the same. */
export interface ProviderUnderTest {
  readonly kind: ProviderKind;
  /** Below the scripted provider's URL. */
  readonly basePath: string;
  readonly thinkingSignature: string | null;
  /** The last line of the protocol says both that and why the answer ended. */
  readonly finishIsTerminator: boolean;
  /** Whether the protocol reports cached and reasoning tokens. */
  readonly countsDetails: boolean;
  readonly hasEmbeddings: boolean;
}

const HEAD_FAILURES: readonly (readonly [
  string,
  FailureClass,
  Partial<{ status: number; retryAfterMs: number }>,
])[] = [
  ['rate_limited', 'rate_limited', { status: 429, retryAfterMs: 2_000 }],
  ['rate_limited_silently', 'rate_limited', { status: 429 }],
  ['failing', 'server_error', { status: 500 }],
  ['overloaded', 'server_error', { status: 529 }],
  ['unavailable', 'server_error', { status: 503, retryAfterMs: 150 }],
  ['refused_key', 'refused_key', { status: 401 }],
  ['forbidden', 'refused_key', { status: 403 }],
  ['unknown_model', 'unknown_model', { status: 404 }],
  ['bad_request', 'bad_request', { status: 400 }],
  ['too_large', 'bad_request', { status: 413 }],
  ['too_long', 'context_too_long', { status: 400 }],
  ['redirect', 'server_error', { status: 302 }],
  ['compressed', 'server_error', { status: 200 }],
  ['wrong_content_type', 'server_error', { status: 200 }],
  ['error_body', 'server_error', { status: 200 }],
  ['no_answer', 'unreachable', {}],
  ['no_http', 'server_error', {}],
];

const WHOLE_FAILURES: readonly (readonly [string, FailureClass])[] = [
  ['garbage', 'server_error'],
  ['error_midway', 'server_error'],
  ['deep', 'server_error'],
  ['cut', 'server_error'],
  ['reset', 'unreachable'],
  ['endless', 'server_error'],
];

const STREAM_FAILURES: readonly (readonly [string, FailureClass])[] = [
  ['garbage', 'server_error'],
  ['error_midway', 'server_error'],
  ['deep', 'server_error'],
  ['cut', 'cut_off'],
  ['torn', 'cut_off'],
  ['reset', 'cut_off'],
  ['no_finish', 'cut_off'],
  ['endless', 'server_error'],
];

/** What every provider promises, over real connections to the scripted one. */
export function describeProvider(subject: ProviderUnderTest): void {
  let scripted: ScriptedProvider;
  let provider: ModelProvider;

  const settings = (changes: Partial<ConfiguredProvider> = {}): ConfiguredProvider => ({
    name: 'scripted',
    kind: subject.kind,
    baseUrl: scripted.url + subject.basePath,
    apiKey: KEY,
    allowPrivateAddresses: true,
    timeouts: PATIENT,
    maxResponseBytes: MAX_BYTES,
    ...changes,
  });
  const providerOf = (changes: Partial<ConfiguredProvider> = {}) =>
    createProvider(settings(changes), { clock: systemClock });
  const callOf = (name: string, stream: boolean, changes: Partial<ChatRequest> = {}): ChatCall => ({
    model: `scripted/${name}`,
    request: {
      kind: 'chat',
      chat: chatOf({ messages: [{ role: 'user', parts: [{ kind: 'text', text: PROMPT }] }], ...changes }),
    },
    stream,
    signal: new AbortController().signal,
  });
  const whole = async (name: string, changes: Partial<ChatRequest> = {}) => {
    const answered = await provider.chat(spendingOf(), callOf(name, false, changes));
    if (answered.kind !== 'whole') throw new Error('expected a whole answer');
    return answered;
  };
  const streamed = async (name: string, changes: Partial<ChatRequest> = {}) =>
    readStream(await provider.chat(spendingOf(), callOf(name, true, changes)));
  const eventsOf = async (name: string, signal = new AbortController().signal) => {
    const answered = await provider.chat(spendingOf(), { ...callOf(name, true), signal });
    if (answered.kind !== 'stream') throw new Error('expected a stream');
    return answered.events[Symbol.asyncIterator]();
  };
  const lastReceived = () => {
    const last = scripted.received.at(-1);
    if (last === undefined) throw new Error('nothing was received');
    return last;
  };

  beforeAll(async () => {
    scripted = await startScriptedProvider();
    provider = providerOf();
  });
  afterAll(async () => {
    await provider.close();
    await scripted.close();
  });

  describe(`${subject.kind}: answers`, () => {
    const usage = {
      input: 20,
      cachedInput: subject.countsDetails ? 4 : 0,
      cacheWriteInput: 0,
      output: 12,
      reasoning: 0,
    };
    const text = { kind: 'text', text: PLAIN_TEXT };

    it('a whole answer with its bytes, text, reason and usage', async () => {
      const { bytes, answers } = await whole('plain');
      expect(answers).toMatchObject([{ model: 'scripted/plain', parts: [text], finish: 'stop', usage }]);
      expect(JSON.parse(Buffer.from(bytes).toString('utf8'))).toMatchObject({ model: 'scripted/plain' });
    });

    it('a stream that says the same as the whole answer', async () => {
      for (const name of [
        'plain',
        'thinking',
        'thinking_only',
        'tool_call',
        'length',
        'usage_zero',
        'slow',
      ]) {
        const { answers } = await whole(name);
        const { deltas, failure } = await streamed(name);
        expect(failure, name).toBeNull();
        expect([answerOf(deltas)], name).toEqual(answers);
      }
    });

    it('reasoning apart from the text, with the signature where there is one', async () => {
      const { deltas } = await streamed('thinking');
      const reasoning = { kind: 'reasoning', text: 'First I think.', signature: subject.thinkingSignature };
      expect(answerOf(deltas).parts).toEqual([reasoning, text]);
      expect(answerOf(deltas).usage?.reasoning).toBe(subject.countsDetails ? 5 : 0);
    });

    it('an answer of reasoning alone, cut by its length', async () => {
      const [answer] = (await whole('thinking_only')).answers;
      expect(answer?.parts.map(({ kind }) => kind)).toEqual(['reasoning']);
      expect(answer?.finish).toBe('length');
    });

    it('a tool call with its arguments', async () => {
      const { deltas } = await streamed('tool_call');
      const call = { kind: 'tool_call', id: 'call_1', name: 'weather', argumentsJson: '{"city":"Zürich"}' };
      expect(answerOf(deltas)).toMatchObject({ parts: [call], finish: 'tool_calls' });
    });

    it('a tool call that was cut with what came of its arguments, and as cut by its length', async () => {
      const answer = answerOf((await streamed('cut_tool_call')).deltas);
      expect(answer.finish).toBe('length');
      // Ollama gives whole calls only.
      const argumentsJson = subject.finishIsTerminator ? '{}' : '{"city":"Zür';
      expect(answer.parts).toMatchObject([{ kind: 'tool_call', name: 'weather', argumentsJson }]);
    });

    it('usage as null where none was reported, and as zero where zero was', async () => {
      expect((await whole('usage_missing')).answers[0]?.usage).toBeNull();
      expect(answerOf((await streamed('usage_missing')).deltas).usage).toBeNull();
      const zero = { input: 0, cachedInput: 0, cacheWriteInput: 0, output: 0, reasoning: 0 };
      expect((await whole('usage_zero')).answers[0]?.usage).toEqual(zero);
      expect(answerOf((await streamed('usage_zero')).deltas).usage).toEqual(zero);
    });

    it('a whole body without a reason why it stopped as cut', async () => {
      expect((await whole('no_finish')).answers[0]?.finish).toBe('cut');
    });

    it('a stream without terminator as whole only where the reason came', async () => {
      const { failure } = await streamed('no_terminator');
      expect(failure?.class ?? null).toBe(subject.finishIsTerminator ? 'cut_off' : null);
    });

    it('what the service was sent, with the model and the key in its place', async () => {
      await whole('echo');
      const { headers, body } = lastReceived();
      expect(body).toMatchObject({ model: 'scripted/echo' });
      expect(JSON.stringify(body)).toContain(PROMPT);
      expect(JSON.stringify(headers)).toContain(KEY);
    });

    it('a native body with its unknown members, changed in the model alone', async () => {
      const body = {
        model: 'what the client called it',
        messages: [{ role: 'user', content: 'Hi', name: 'x' }],
        max_tokens: 8,
        unheard_of: { deep: [1, null, { n: 2 }] },
        stream: false,
      };
      const call = { ...callOf('echo', false), request: { kind: 'native', body } as const };
      await provider.chat(spendingOf(), call);
      expect(lastReceived().bytes.toString('utf8')).toBe(JSON.stringify({ ...body, model: 'scripted/echo' }));
    });

    it('the models the service has', async () => {
      const models = await provider.listModels(new AbortController().signal);
      expect(models).toEqual(['scripted/plain', 'scripted:1t']);
    });
  });

  describe(`${subject.kind}: embeddings`, () => {
    const embedOf = (name: string) => ({
      model: `scripted/${name}`,
      texts: ['one', 'three'],
      dimensions: null,
      signal: new AbortController().signal,
    });

    if (!subject.hasEmbeddings) {
      it('are refused in words that help', async () => {
        const failure = await failureOf(provider.embed(spendingOf(), embedOf('plain')));
        expect(failure).toMatchObject({ class: 'bad_request' });
        expect(failure.message).toContain('no embeddings');
        expect(failure.hadBegun).toBe(false);
      });
      return;
    }

    it('are one vector for each text, in order', async () => {
      const { vectors, inputTokens } = await provider.embed(spendingOf(), embedOf('plain'));
      expect(vectors).toEqual([
        [3, 0.5, -1],
        [5, 0.5, -1],
      ]);
      expect(inputTokens).toBe(2);
      expect((await provider.embed(spendingOf(), embedOf('usage_missing'))).inputTokens).toBeNull();
    });

    it.each(['vector_short', 'no_vectors', 'empty', 'garbage', 'cut'] as const)(
      'are no answer, but one that was begun, where there is not a vector for each text: %s',
      async (fault) => {
        scripted.script(reply({ fault }));
        const failure = await failureOf(provider.embed(spendingOf(), embedOf('plain')));
        expect(failure).toMatchObject({ class: 'server_error', hadBegun: true });
      },
    );

    it.each(['wrong_content_type', 'error_body'] as const)(
      'were not begun where something else is answered: %s',
      async (fault) => {
        const failure = await failureOf(provider.embed(spendingOf(), embedOf(fault)));
        expect(failure).toMatchObject({ class: 'server_error', hadBegun: false });
      },
    );

    it('fail as chats do', async () => {
      const failure = await failureOf(provider.embed(spendingOf(), embedOf('rate_limited')));
      expect(failure).toMatchObject({ class: 'rate_limited', retryAfterMs: 2_000 });
    });
  });

  describe(`${subject.kind}: failures (F-7)`, () => {
    const expectSilent = (failure: Error) => {
      const shown = inspect(failure, { depth: 8 });
      for (const secret of [KEY, PROMPT, 'canary']) expect(shown).not.toContain(secret);
    };

    for (const [name, failureClass, facts] of HEAD_FAILURES) {
      it(`${name} is ${failureClass}, whether a stream was asked for or not`, async () => {
        for (const stream of [false, true]) {
          const failure = await failureOf(provider.chat(spendingOf(), callOf(name, stream)));
          expect(failure).toMatchObject({ class: failureClass, status: null, retryAfterMs: null, ...facts });
          expectSilent(failure);
        }
      });
    }

    for (const [name, failureClass] of WHOLE_FAILURES) {
      it(`a whole answer with ${name} is ${failureClass}`, async () => {
        const failure = await failureOf(whole(name));
        expect(failure.class).toBe(failureClass);
        expectSilent(failure);
      });
    }

    it('a whole answer without a message was begun, an error in its place was not', async () => {
      scripted.script(reply({ fault: 'empty' }));
      const empty = await failureOf(whole('plain'));
      expect(empty).toMatchObject({ class: 'server_error', hadBegun: true });
      const error = await failureOf(whole('error_body'));
      expect(error).toMatchObject({ class: 'server_error', hadBegun: false });
    });

    for (const [name, failureClass] of STREAM_FAILURES) {
      it(`a stream with ${name} is ${failureClass} after what came before`, async () => {
        const { failure, deltas, bytes } = await streamed(name);
        expect(failure?.class).toBe(failureClass);
        expect(deltas.some(({ kind }) => kind === 'text')).toBe(true);
        expect(deltas.some(({ kind }) => kind === 'finish')).toBe(false);
        expect(bytes.length).toBeLessThanOrEqual(MAX_BYTES);
        if (failure !== null) expectSilent(failure);
      });
    }

    it('a service that never answers is a timeout', async () => {
      const hasty = providerOf({ timeouts: { ...PATIENT, headersMs: 50 } });
      for (const stream of [false, true]) {
        const failure = await failureOf(hasty.chat(spendingOf(), callOf('hang', stream)));
        expect(failure.class).toBe('timeout');
      }
      await hasty.close();
    });

    it('a service that falls silent is a timeout', async () => {
      const hasty = providerOf({ timeouts: { ...PATIENT, idleMs: 50 } });
      const failure = await failureOf(hasty.chat(spendingOf(), callOf('hang_midway', false)));
      expect(failure.class).toBe('timeout');
      const read = await readStream(await hasty.chat(spendingOf(), callOf('hang_midway', true)));
      expect(read.failure?.class).toBe('timeout');
      expect(read.deltas.length).toBeGreaterThan(0);
      await hasty.close();
    });

    it('a service that falls silent after it said why it stopped has answered', async () => {
      const hasty = providerOf({ timeouts: { ...PATIENT, idleMs: 50 } });
      const read = await readStream(await hasty.chat(spendingOf(), callOf('hang_at_end', true)));
      expect(read.failure?.class ?? null).toBe(subject.finishIsTerminator ? 'timeout' : null);
      await hasty.close();
    });

    it('an answer that takes too long in all is a timeout, however busy', async () => {
      const hasty = providerOf({ timeouts: { ...PATIENT, totalMs: 300 } });
      scripted.script(reply({ text: 'x'.repeat(7_000), gapMs: 5 }));
      // On a busy machine the time may be up before the head is there: the same failure, thrown earlier.
      const ended = async () => {
        throw (await readStream(await hasty.chat(spendingOf(), callOf('plain', true)))).failure;
      };
      expect((await failureOf(ended())).class).toBe('timeout');
      await hasty.close();
    });

    it('no connection is unreachable', async () => {
      const gone = await startScriptedProvider();
      const lonely = providerOf({ baseUrl: gone.url + subject.basePath });
      await gone.close();
      const failure = await failureOf(lonely.chat(spendingOf(), callOf('plain', false)));
      expect(failure.class).toBe('unreachable');
      await lonely.close();
    });

    it('a spending that was used sends nothing', async () => {
      const spending = spendingOf();
      await provider.chat(spending, callOf('plain', false));
      const before = scripted.received.length;
      const refused = { code: 'scope.not_issued' };
      const { model, signal } = callOf('plain', false);
      await expect(provider.chat(spending, callOf('plain', false))).rejects.toMatchObject(refused);
      const embedding = provider.embed(spending, { model, texts: ['a'], dimensions: null, signal });
      await expect(embedding).rejects.toMatchObject(refused);
      expect(scripted.received.length).toBe(before);
    });
  });

  describe(`${subject.kind}: cancelling (F-8)`, () => {
    it('before the head ends the request upstream', async () => {
      const caller = new AbortController();
      const before = scripted.received.length;
      const call = provider.chat(spendingOf(), { ...callOf('hang', true), signal: caller.signal });
      const failed = failureOf(call);
      while (scripted.received.length === before) await new Promise((resolve) => setImmediate(resolve));
      caller.abort();
      expect((await failed).class).toBe('cancelled');
      expect(await lastReceived().ended).toBe('cancelled');
    });

    it('a call that is cancelled already is not sent', async () => {
      const before = scripted.received.length;
      const call = { ...callOf('plain', false), signal: AbortSignal.abort() };
      expect((await failureOf(provider.chat(spendingOf(), call))).class).toBe('cancelled');
      expect(scripted.received.length).toBe(before);
    });

    it('in the middle ends the request upstream', async () => {
      const caller = new AbortController();
      const events = await eventsOf('hang_midway', caller.signal);
      await events.next();
      caller.abort();
      expect((await failureOf(drain(events))).class).toBe('cancelled');
      expect(await lastReceived().ended).toBe('cancelled');
    });

    it('by return() ends the request upstream', async () => {
      const events = await eventsOf('endless');
      await events.next();
      await events.return?.();
      expect(await lastReceived().ended).toBe('cancelled');
    });

    it('by return() ends the request upstream also while the next event is awaited', async () => {
      // The events that come before the silence are those that come before a cut.
      let arriving = 0;
      const cut = await eventsOf('cut');
      await failureOf(drain(cut, () => arriving++));
      const events = await eventsOf('hang_midway');
      for (let read = 0; read < arriving; read++) await events.next();
      const waiting = failureOf(drain(events));
      await events.return?.();
      expect((await waiting).class).toBe('cancelled');
      expect(await lastReceived().ended).toBe('cancelled');
    });

    it('is not needed after the end: connections are used again', async () => {
      const ports = new Set<unknown>();
      for (let round = 0; round < 3; round++) {
        expect((await streamed('plain')).failure).toBeNull();
        await whole('plain');
        ports.add(lastReceived().remotePort);
      }
      expect(ports.size).toBe(1);
      // The end of the body comes a while after the terminator, which ends the events.
      expect((await streamed('slow')).failure).toBeNull();
      expect(await lastReceived().ended).toBe('complete');
    });
  });

  it(`${subject.kind}: the bytes of a stream are those that arrived`, async () => {
    for (const name of Object.keys(SCRIPTED_REPLIES).filter((one) =>
      /^(plain|thinking|tool_call)$/.test(one),
    )) {
      const { bytes } = await streamed(name);
      expect(bytes.toString('utf8'), name).toBe(await rawStream(scripted, lastReceived()));
    }
  });
}

/** Reads until the stream ends. */
async function drain(events: AsyncIterator<unknown>, seen = () => {}): Promise<void> {
  while ((await events.next()).done !== true) seen();
}

/** The same request again, by a client that reads nothing into it. */
async function rawStream(
  scripted: ScriptedProvider,
  { path, bytes }: { readonly path: string; readonly bytes: Buffer },
): Promise<string> {
  const body = bytes.toString('utf8');
  const answer = await fetch(scripted.url + path, { method: 'POST', body });
  return answer.text();
}
