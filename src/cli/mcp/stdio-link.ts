import type { Readable, Writable } from 'node:stream';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';

// The adapter of the MCP SDK's transport over standard input and output.

export type Message = JSONRPCMessage;

export interface LinkParts {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Ends the link, and what is in flight. */
  readonly interrupted: AbortSignal;
  /** How long the calls in flight may still be answered once the input has ended. */
  readonly graceMs: number;
  /** The answer to one message; null where it has none. Never throws. */
  forward(message: Message, signal: AbortSignal): Promise<Message | null>;
  /** A line that is no message. */
  onUnreadable(): void;
}

/**
 * Hands each message of standard input on and writes its answer to standard output, several at a time, until the input
 * ends, or a message is too long to be read. A request that its client cancels is cut off and not answered. Answers how
 * many calls were cut off because the input had ended.
 */
export async function runStdioLink(parts: LinkParts): Promise<number> {
  const { stdin, interrupted } = parts;
  const transport = new StdioServerTransport(stdin, parts.stdout);
  const inFlight = new Map<string | number, AbortController>();
  const working = new Set<Promise<void>>();
  // A client that is gone closes the input with its calls under way, and nobody would be left to cancel them.
  const overdue = new AbortController();
  const cutOff = AbortSignal.any([overdue.signal, interrupted]);

  async function pass(message: Message): Promise<void> {
    const cancelled = cancelledRequest(message);
    if (cancelled !== null) {
      inFlight.get(cancelled)?.abort();
      return;
    }
    const controller = new AbortController();
    const id = 'id' in message ? message.id : undefined;
    if (id !== undefined) inFlight.set(id, controller);
    try {
      const answer = await parts.forward(message, AbortSignal.any([controller.signal, cutOff]));
      if (answer !== null && !controller.signal.aborted) await transport.send(answer);
    } finally {
      if (id !== undefined) inFlight.delete(id);
    }
  }

  const ended = new Promise<void>((resolve) => {
    stdin.once('end', resolve);
    stdin.once('close', resolve);
    // The transport closes itself at a message beyond its limit, and reads no more.
    transport.onclose = resolve;
    void aborted(interrupted).then(resolve);
  });
  transport.onerror = parts.onUnreadable;
  transport.onmessage = (message) => {
    const work = pass(message).finally(() => working.delete(work));
    working.add(work);
  };
  await transport.start();
  await ended;
  let unanswered = 0;
  const timer = setTimeout(() => {
    unanswered = working.size;
    overdue.abort();
  }, parts.graceMs);
  // Not the calls alone: an answer that nobody reads is never written to its end.
  await Promise.race([Promise.all(working), aborted(cutOff)]);
  clearTimeout(timer);
  await transport.close();
  return unanswered;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function cancelledRequest(message: Message): string | number | null {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return null;
  const id = message.params?.requestId;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
