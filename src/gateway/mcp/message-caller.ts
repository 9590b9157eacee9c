import type { Answer, Door } from '../../door/index.ts';
import type { Exchange } from '../exchange.ts';

/** The door as the handlers of one message see it: every call with the credentials of its request, by the door `mcp`. */
export interface MessageCaller {
  readonly requestId: string;
  invoke(operation: string, input: unknown): Promise<Answer>;
  /** Whether the door was asked for anything yet. */
  hasReached(): boolean;
  /** Runs a handler and keeps what it throws: the SDK would answer with its words. */
  refusing<T>(handler: () => Promise<T>): Promise<T>;
  /** What a handler threw; null where none did. */
  refusal(): unknown;
}

export function createMessageCaller(door: Door, exchange: Exchange): MessageCaller {
  const { requestId, credentials, signal } = exchange;
  const call = { door: 'mcp', requestId, credentials, signal, body: null, idempotencyKey: null } as const;
  let reached = false;
  let refusal: unknown = null;
  return {
    requestId,
    invoke(operation, input) {
      reached = true;
      return door.invoke({ ...call, operation, input });
    },
    hasReached: () => reached,
    async refusing(handler) {
      try {
        return await handler();
      } catch (error) {
        refusal = error;
        throw new Error('refused');
      }
    },
    refusal: () => refusal,
  };
}
