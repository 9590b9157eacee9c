import type { JsonObject, JsonValue } from '../../../../base/index.ts';
import { Spending } from '../../../../govern/scope/index.ts';
import type { ChatRequest } from '../../chat.ts';
import { countOf, objectOf, objectsOf, stringOf } from '../../json-reading.ts';
import type { ChatCall, ChatReply, EmbedCall, EmbedReply, ModelProvider } from '../../provider.ts';
import { ServerSentEvents } from '../../transport/server-sent-events.ts';
import { answerFailure } from '../../transport/status-failure.ts';
import { embeddingList } from '../embedding-list.ts';
import { JsonService, type ProviderSurroundings } from '../json-service.ts';
import type { ProviderSettings } from '../provider-settings.ts';
import { lossesIn, requireCarried } from '../translation-loss.ts';
import { readOpenAiAnswers } from './read-answer.ts';
import { OpenAiChatReader } from './stream-reader.ts';
import { nativeOpenAiBody, OPENAI_LOSSES, writeOpenAiChat } from './write-chat.ts';

/** Where the service usually is. */
export const OPENAI_BASE_URL = 'https://api.openai.com/v1';

/** OpenAI and every service that speaks its chat completions: vLLM, LM Studio, OpenRouter, Groq, Together and others. */
export class OpenAiCompatibleProvider implements ModelProvider {
  readonly name: string;
  readonly protocol = 'openai';
  readonly #service: JsonService;
  readonly #limitMember: 'max_tokens' | 'max_completion_tokens';

  /** The base URL ends before `/chat/completions`; at most services it ends in `/v1`. */
  constructor(settings: ProviderSettings, surroundings: ProviderSurroundings) {
    const headers = settings.apiKey === null ? {} : { authorization: `Bearer ${settings.apiKey}` };
    this.name = settings.name;
    this.#service = new JsonService(settings, headers, surroundings);
    this.#limitMember = limitMemberOf(settings.baseUrl);
  }

  async chat(spending: Spending, call: ChatCall): Promise<ChatReply> {
    Spending.use(spending);
    const { body, addsUsage } =
      call.request.kind === 'native'
        ? nativeOpenAiBody({ ...call.request.body, ...this.#added(call.request) }, call)
        : writeOpenAiChat(call.request.chat, { ...call, limitMember: this.#limitMember });
    const protocol = {
      streamMediaType: 'text/event-stream',
      createEventReader: () => new ServerSentEvents(),
      createChatReader: () => new OpenAiChatReader({ stripsUsage: addsUsage }),
      readAnswers: readOpenAiAnswers,
    };
    return this.#service.chat(protocol, {
      path: '/chat/completions',
      body,
      stream: call.stream,
      signal: call.signal,
    });
  }

  async embed(spending: Spending, call: EmbedCall): Promise<EmbedReply> {
    Spending.use(spending);
    const body: JsonObject = {
      model: call.model,
      input: call.texts,
      ...(call.dimensions === null ? {} : { dimensions: call.dimensions }),
    };
    return this.#service.postJson({ path: '/embeddings', body, signal: call.signal }, (value) => {
      const answer = objectOf(value);
      return {
        vectors: embeddingList(vectorsByIndex(answer.data), call.texts.length),
        inputTokens: countOf(objectOf(answer.usage).prompt_tokens),
      };
    });
  }

  async listModels(signal: AbortSignal): Promise<readonly string[]> {
    const answer = objectOf(await this.#service.getJson('/models', signal));
    if (!Array.isArray(answer.data)) throw answerFailure('The provider’s answer is no list of models.');
    return objectsOf(answer.data).flatMap((model) => stringOf(model.id) ?? []);
  }

  #added({ addedLimit }: { readonly addedLimit?: number }): JsonObject {
    return addedLimit === undefined ? {} : { [this.#limitMember]: addedLimit };
  }

  requireCarried(chat: ChatRequest): void {
    requireCarried(OPENAI_LOSSES, chat);
  }

  lossesOf(chat: ChatRequest): readonly string[] {
    return lossesIn(OPENAI_LOSSES, chat);
  }

  close(): Promise<void> {
    return this.#service.close();
  }
}

/**
 * OpenAI's reasoning models refuse `max_tokens`; many other services know nothing else, and one that ignores the limit
 * would spend without one.
 */
function limitMemberOf(baseUrl: string): 'max_tokens' | 'max_completion_tokens' {
  const host = URL.parse(baseUrl)?.hostname ?? '';
  return /(?:^|\.)(?:openai|azure)\.com$/.test(host) ? 'max_completion_tokens' : 'max_tokens';
}

/** The order is that of `index`, which a service may leave out where the order is already right. */
function vectorsByIndex(data: JsonValue | undefined): readonly JsonValue[] {
  const ordered = objectsOf(data)
    .map((row, at) => ({ index: countOf(row.index) ?? at, vector: row.embedding ?? null }))
    .sort((a, b) => a.index - b.index);
  if (ordered.some(({ index }, at) => index !== at)) {
    throw answerFailure('The provider’s answer does not hold one vector for each text.');
  }
  return ordered.map(({ vector }) => vector);
}
