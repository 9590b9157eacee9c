import { Spending } from '../../../../govern/scope/index.ts';
import type { ChatRequest } from '../../chat.ts';
import { countOf, objectOf, objectsOf, stringOf } from '../../json-reading.ts';
import {
  type ChatCall,
  type ChatReply,
  type CountCall,
  type EmbedCall,
  type EmbedReply,
  type ModelProvider,
  ProviderFailure,
} from '../../provider.ts';
import { ServerSentEvents } from '../../transport/server-sent-events.ts';
import { answerFailure } from '../../transport/status-failure.ts';
import { type ChatProtocol, JsonService, type ProviderSurroundings } from '../json-service.ts';
import type { ProviderSettings } from '../provider-settings.ts';
import { lossesIn, requireCarried } from '../translation-loss.ts';
import { withoutForeignThinking } from './foreign-thinking.ts';
import { readAnthropicAnswers } from './read-answer.ts';
import { AnthropicChatReader } from './stream-reader.ts';
import { ANTHROPIC_LOSSES, writeAnthropicChat } from './write-chat.ts';

/** Where the service usually is. */
export const ANTHROPIC_BASE_URL = 'https://api.anthropic.com';

const VERSION = '2023-06-01';
/** The longest page of models the service gives. */
const MODELS_PAGE = 1_000;

const PROTOCOL: ChatProtocol = {
  streamMediaType: 'text/event-stream',
  createEventReader: () => new ServerSentEvents(),
  createChatReader: () => new AnthropicChatReader(),
  readAnswers: readAnthropicAnswers,
};

/** Anthropic's messages, and the services that speak them. */
export class AnthropicProvider implements ModelProvider {
  readonly name: string;
  readonly protocol = 'anthropic';
  readonly #service: JsonService;
  readonly #prefix: string;

  /** The base URL ends before `/v1/messages`; one that ends in `/v1` is taken as well. */
  constructor(settings: ProviderSettings, surroundings: ProviderSurroundings) {
    const key = settings.apiKey === null ? {} : { 'x-api-key': settings.apiKey };
    this.name = settings.name;
    this.#service = new JsonService(settings, { 'anthropic-version': VERSION, ...key }, surroundings);
    this.#prefix = /\/v1\/*$/.test(settings.baseUrl) ? '' : '/v1';
  }

  async chat(spending: Spending, call: ChatCall): Promise<ChatReply> {
    Spending.use(spending);
    const { request, model, stream, signal } = call;
    const body =
      request.kind === 'native'
        ? {
            ...withoutForeignThinking(request.body),
            model,
            ...(stream === (request.body.stream === true) ? {} : { stream }),
          }
        : writeAnthropicChat(request.chat, { model, stream });
    const headers = request.kind === 'native' ? betaHeaders(request.headers ?? {}) : {};
    return this.#service.chat(PROTOCOL, { path: `${this.#prefix}/messages`, headers, body, stream, signal });
  }

  async embed(spending: Spending, _call: EmbedCall): Promise<EmbedReply> {
    Spending.use(spending);
    throw new ProviderFailure(
      { class: 'bad_request' },
      `The provider \`${this.name}\` has no embeddings: Anthropic offers none. Name a model of another provider.`,
    );
  }

  async countTokens({ model, body, headers, signal }: CountCall): Promise<number> {
    const request = {
      path: `${this.#prefix}/messages/count_tokens`,
      headers: betaHeaders(headers),
      body: { ...withoutForeignThinking(body), model },
      signal,
    };
    return this.#service.postJson(request, (answer) => {
      const tokens = countOf(objectOf(answer).input_tokens);
      if (tokens === null) throw answerFailure('The provider’s answer holds no count.');
      return tokens;
    });
  }

  async listModels(signal: AbortSignal): Promise<readonly string[]> {
    const path = `${this.#prefix}/models?limit=${MODELS_PAGE}`;
    const answer = objectOf(await this.#service.getJson(path, signal));
    if (!Array.isArray(answer.data)) throw answerFailure('The provider’s answer is no list of models.');
    return objectsOf(answer.data).flatMap((model) => stringOf(model.id) ?? []);
  }

  requireCarried(chat: ChatRequest): void {
    requireCarried(ANTHROPIC_LOSSES, chat);
  }

  lossesOf(chat: ChatRequest): readonly string[] {
    return lossesIn(ANTHROPIC_LOSSES, chat);
  }

  close(): Promise<void> {
    return this.#service.close();
  }
}

/** A body may hold members that the service knows only where its client names the beta they belong to. */
function betaHeaders({ 'anthropic-beta': beta }: Readonly<Record<string, string>>): Record<string, string> {
  if (beta === undefined) return {};
  if (/^[\w., -]{1,1024}$/.test(beta)) return { 'anthropic-beta': beta };
  throw new ProviderFailure({ class: 'bad_request' }, 'The header `anthropic-beta` is not a list of names.');
}
