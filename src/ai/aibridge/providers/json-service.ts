import type { LookupFunction } from 'node:net';
import type { Clock, JsonObject, JsonValue } from '../../../base/index.ts';
import type { ChatAnswer } from '../chat.ts';
import { parseJson } from '../json-reading.ts';
import { type ChatReply, ProviderFailure } from '../provider.ts';
import { createTransport, type Transport } from '../transport/http-transport.ts';
import { answerFailure, isErrorBody, statusFailure } from '../transport/status-failure.ts';
import { type ChatReader, streamEvents } from '../transport/stream-events.ts';
import type { Upstream } from '../transport/upstream.ts';
import type { EventReader } from '../transport/wire-event.ts';
import type { ProviderSettings } from './provider-settings.ts';

const WHOLE_MEDIA_TYPE = 'application/json';

/** What a provider needs of the world besides its settings. */
export interface ProviderSurroundings {
  readonly clock: Pick<Clock, 'nowMs'>;
  /** What names resolve to; the system's own where absent. */
  readonly lookup?: LookupFunction;
}

/** How a protocol reads the answers to a chat. */
export interface ChatProtocol {
  readonly streamMediaType: string;
  createEventReader(): EventReader;
  createChatReader(): ChatReader;
  /** Null where the body is no answer of the protocol. */
  readAnswers(body: JsonValue): readonly ChatAnswer[] | null;
}

/** A service of JSON over HTTP: what every provider does alike. Each method throws `ProviderFailure`. */
export class JsonService {
  readonly #transport: Transport;
  readonly #clock: Pick<Clock, 'nowMs'>;

  /** Throws `models.provider_misconfigured`. `headers` carry the key. */
  constructor(
    settings: ProviderSettings,
    headers: Readonly<Record<string, string>>,
    surroundings: ProviderSurroundings,
  ) {
    this.#transport = createTransport(
      { ...settings, headers: { ...settings.headers, ...headers } },
      surroundings.lookup,
    );
    this.#clock = surroundings.clock;
  }

  /** Sends a chat and answers once its head is there. */
  async chat(
    protocol: ChatProtocol,
    request: {
      readonly path: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: JsonObject;
      readonly stream: boolean;
      readonly signal: AbortSignal;
    },
  ): Promise<ChatReply> {
    const { path, headers = {}, body, signal } = request;
    const upstream = await this.#post(path, body, signal, headers);
    // A service that does not stream this model may answer with all of it at once.
    if (!request.stream || upstream.mediaType() === WHOLE_MEDIA_TYPE) {
      const { bytes, answer: answers } = await readAnswer(upstream, (value) => {
        const found = protocol.readAnswers(value);
        if (found !== null && found.length > 0) return found;
        throw answerFailure('The provider’s answer holds no message.');
      });
      return { kind: 'whole', bytes, answers };
    }
    requireStream(upstream, protocol.streamMediaType);
    const events = streamEvents(upstream, protocol.createEventReader(), protocol.createChatReader());
    return { kind: 'stream', events };
  }

  /** Sends what is answered whole; `read` throws `ProviderFailure` where it is no answer of the protocol. */
  async postJson<T>(
    request: {
      readonly path: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: JsonObject;
      readonly signal: AbortSignal;
    },
    read: (answer: JsonValue) => T,
  ): Promise<T> {
    const { path, headers = {}, body, signal } = request;
    return (await readAnswer(await this.#post(path, body, signal, headers), read)).answer;
  }

  async getJson(path: string, signal: AbortSignal): Promise<JsonValue> {
    const upstream = await this.#transport.send({ method: 'GET', path, body: null, signal });
    return (await readAnswer(await this.#requireSuccess(upstream), (value) => value)).answer;
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #post(
    path: string,
    body: JsonObject,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>>,
  ): Promise<Upstream> {
    const request = { method: 'POST', path, headers, body: JSON.stringify(body), signal } as const;
    return this.#requireSuccess(await this.#transport.send(request));
  }

  async #requireSuccess(upstream: Upstream): Promise<Upstream> {
    if (upstream.status === 200) return upstream;
    throw await statusFailure(upstream, this.#clock);
  }
}

/** A whole answer, as `read` finds it in its body. */
async function readAnswer<T>(
  upstream: Upstream,
  read: (value: JsonValue) => T,
): Promise<{ readonly bytes: Uint8Array; readonly answer: T }> {
  const { bytes, value } = await asBegun(upstream, async () => {
    const body = await upstream.bytes();
    const parsed = parseJson(new TextDecoder().decode(body));
    if (parsed === undefined) throw answerFailure('The provider’s answer is not JSON.');
    return { bytes: body, value: parsed };
  });
  if (isErrorBody(value)) throw answerFailure('The provider’s answer is an error under status 200.');
  return { bytes, answer: await asBegun(upstream, () => readGuarded(() => read(value))) };
}

/** What fails here was worked on: it breaks off, or is not what was asked for. */
async function asBegun<T>(upstream: Upstream, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    // A page that something else answered in its place is no answer that was begun.
    if (!(error instanceof ProviderFailure) || upstream.mediaType() !== WHOLE_MEDIA_TYPE) throw error;
    const { class: kind, status, retryAfterMs, message } = error;
    throw new ProviderFailure({ class: kind, status, retryAfterMs, hadBegun: true }, message, {
      cause: error,
    });
  }
}

/** A service that answers something else under status 200 has an error to tell, or is no service of the protocol. */
function requireStream(upstream: Upstream, mediaType: string): void {
  if (upstream.mediaType() === mediaType) return;
  upstream.destroy();
  throw answerFailure(`The provider was asked for a stream and its answer is not ${mediaType}.`);
}

function readGuarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    // A value nested beyond what can be written again.
    if (error instanceof RangeError) throw answerFailure('The provider’s answer cannot be read.');
    throw error;
  }
}
