import { isJsonObject, type JsonObject } from '../../../../base/index.ts';
import { Spending } from '../../../../govern/scope/index.ts';
import type { ChatRequest } from '../../chat.ts';
import { countOf, objectOf, objectsOf, stringOf } from '../../json-reading.ts';
import type { ChatCall, ChatReply, EmbedCall, EmbedReply, ModelProvider } from '../../provider.ts';
import { JsonLines } from '../../transport/json-lines.ts';
import { answerFailure } from '../../transport/status-failure.ts';
import { embeddingList } from '../embedding-list.ts';
import { type ChatProtocol, JsonService, type ProviderSurroundings } from '../json-service.ts';
import type { ProviderSettings } from '../provider-settings.ts';
import { lossesIn, requireCarried } from '../translation-loss.ts';
import { OllamaChatReader, readOllamaAnswers } from './read-answer.ts';
import { OLLAMA_LOSSES, writeOllamaChat } from './write-chat.ts';

/** Where the service usually is. */
export const OLLAMA_BASE_URL = 'http://127.0.0.1:11434';

const PROTOCOL: ChatProtocol = {
  streamMediaType: 'application/x-ndjson',
  createEventReader: () => new JsonLines(),
  createChatReader: () => new OllamaChatReader(),
  readAnswers: readOllamaAnswers,
};

/** Ollama's own interface, which says more of its models than its OpenAI-compatible one. */
export class OllamaProvider implements ModelProvider {
  readonly name: string;
  readonly protocol = 'ollama';
  readonly #service: JsonService;

  /** The base URL ends before `/api`. */
  constructor(settings: ProviderSettings, surroundings: ProviderSurroundings) {
    const headers = settings.apiKey === null ? {} : { authorization: `Bearer ${settings.apiKey}` };
    this.name = settings.name;
    this.#service = new JsonService(settings, headers, surroundings);
  }

  async chat(spending: Spending, call: ChatCall): Promise<ChatReply> {
    Spending.use(spending);
    const { request, model, stream, signal } = call;
    // Ollama streams unless it is told not to.
    const body =
      request.kind === 'native'
        ? { ...request.body, model, stream }
        : writeOllamaChat(request.chat, { model, stream });
    return this.#service.chat(PROTOCOL, { path: '/api/chat', body, stream, signal });
  }

  async embed(spending: Spending, call: EmbedCall): Promise<EmbedReply> {
    Spending.use(spending);
    const body: JsonObject = {
      model: call.model,
      input: call.texts,
      // Without this a text that is too long is cut without a word.
      truncate: false,
      ...(call.dimensions === null ? {} : { dimensions: call.dimensions }),
    };
    return this.#service.postJson({ path: '/api/embed', body, signal: call.signal }, (value) => {
      const answer = objectOf(value);
      if (!Array.isArray(answer.embeddings)) throw answerFailure('The provider’s answer holds no vectors.');
      return {
        vectors: embeddingList(answer.embeddings, call.texts.length),
        inputTokens: countOf(answer.prompt_eval_count),
      };
    });
  }

  async listModels(signal: AbortSignal): Promise<readonly string[]> {
    const answer = await this.#service.getJson('/api/tags', signal);
    if (!isJsonObject(answer) || !Array.isArray(answer.models)) {
      throw answerFailure('The provider’s answer is no list of models.');
    }
    return objectsOf(answer.models).flatMap((model) => stringOf(model.model) ?? stringOf(model.name) ?? []);
  }

  requireCarried(chat: ChatRequest): void {
    requireCarried(OLLAMA_LOSSES, chat);
  }

  lossesOf(chat: ChatRequest): readonly string[] {
    return lossesIn(OLLAMA_LOSSES, chat);
  }

  close(): Promise<void> {
    return this.#service.close();
  }
}
