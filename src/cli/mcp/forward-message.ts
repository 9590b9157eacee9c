import { type ApiClient, refusal } from '../api-client.ts';
import { CliFailure, type FailureFacts } from '../cli-failure.ts';
import type { Message } from './stdio-link.ts';

/** JSON-RPC's own number for a request that the server could not answer. */
const SERVER_ERROR = -32_603;

/**
 * Sends messages to the server's `/mcp`, each with the key of that moment, and answers what it answered. A refusal of HTTP
 * (no valid key, too many requests, no server) becomes the error answer of its request, so that no client waits for ever.
 */
export function createForwarder(
  connect: () => ApiClient,
): (message: Message, signal: AbortSignal) => Promise<Message | null> {
  let version: string | null = null;
  return async (message, signal) => {
    try {
      const response = await connect().probe({
        method: 'POST',
        path: '/mcp',
        json: message,
        headers: {
          accept: 'application/json, text/event-stream',
          ...(version === null ? {} : { 'mcp-protocol-version': version }),
        },
        signal,
      });
      if (!response.ok) throw await refusal(response);
      const text = await response.text();
      if (text === '') return null;
      const answer: Message = JSON.parse(text);
      version = agreedVersion(message, answer) ?? version;
      return answer;
    } catch (error) {
      if (signal.aborted) return null;
      return failed(message, error);
    }
  };
}

/** The version that the answer to `initialize` names; every later request says it again. */
function agreedVersion(message: Message, answer: Message): string | null {
  if (!('method' in message) || message.method !== 'initialize' || !('result' in answer)) return null;
  const { protocolVersion } = answer.result;
  return typeof protocolVersion === 'string' ? protocolVersion : null;
}

function failed(message: Message, error: unknown): Message | null {
  if (!('method' in message) || !('id' in message)) return null;
  const facts: FailureFacts =
    error instanceof CliFailure
      ? error.facts
      : { code: 'cli.unexpected_answer', detail: 'The server’s answer is not one of this protocol.' };
  const { code, detail, status, retryable, instance } = facts;
  return {
    jsonrpc: '2.0',
    id: message.id,
    error: { code: SERVER_ERROR, message: `${code}: ${detail}`, data: { code, status, retryable, instance } },
  };
}
