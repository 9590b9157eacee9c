import { isJsonObject, type JsonObject, sha256Hex } from '../../base/index.ts';
import type { Exchange } from '../exchange.ts';

/** Names the client that numbered a message. It opens nothing: each message is judged by its own credentials. */
export const SESSION_HEADER = 'mcp-session-id';

/** Messages that are being answered, as far as their clients may cancel them. */
export interface RunningCalls {
  /** To be ended by whoever began it, with what it answers. */
  begin(message: JsonObject, exchange: Exchange, session: string | undefined): () => void;
  /** Ends what `notifications/cancelled` names: a message of the same session and the same key. */
  cancel(notification: JsonObject, exchange: Exchange, session: string | undefined): void;
}

/**
 * A client of Streamable HTTP that wants an answer no more keeps its connection, and says so by another message. Clients
 * number their messages from 0 up, so that a number alone would end the call of another one with the same key.
 */
export function createRunningCalls(): RunningCalls {
  const running = new Map<string, Exchange>();
  return {
    begin({ id }, exchange, session) {
      const key = keyOf(id, exchange, session);
      if (key === null) return () => undefined;
      running.set(key, exchange);
      return () => {
        if (running.get(key) === exchange) running.delete(key);
      };
    },
    cancel({ method, params }, exchange, session) {
      if (method !== 'notifications/cancelled' || !isJsonObject(params)) return;
      const key = keyOf(params.requestId, exchange, session);
      if (key !== null) running.get(key)?.abort();
    },
  };
}

/** A digest, so that no key stays in memory. Null where nobody could say whose message it is. */
function keyOf(id: unknown, { credentials }: Exchange, session: string | undefined): string | null {
  const { apiKey } = credentials;
  const isNumbered = typeof id === 'string' || typeof id === 'number';
  if (!isNumbered || apiKey === null || session === undefined) return null;
  return sha256Hex(JSON.stringify([apiKey, session, id]));
}
