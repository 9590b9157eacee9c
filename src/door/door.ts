import type { Credentials } from '../govern/access/index.ts';
import type { AnyOperation, Identity } from '../govern/scope/index.ts';

/** The one way in. Every adapter (HTTP, MCP, CLI, an execution step) names an operation and hands over what it got. */
export interface Door {
  /** All operations, for OpenAPI, doctor and the conformance test. */
  readonly operations: readonly AnyOperation[];
  /** Runs identity → access → truth → journal around one operation. Throws `LakeError`, and nothing else. */
  invoke(call: Call): Promise<Answer>;
}

export interface Call {
  readonly operation: string;
  readonly door: 'http' | 'mcp' | 'internal';
  readonly requestId: string;
  readonly credentials: Credentials;
  /** Unvalidated input; the operation's schema judges it. */
  readonly input: unknown;
  readonly body: AsyncIterable<Uint8Array> | null;
  readonly idempotencyKey: string | null;
  readonly signal: AbortSignal;
}

export type Answer = ValueAnswer | StreamAnswer;

export interface ValueAnswer {
  readonly kind: 'value';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: unknown;
  /** True where an Idempotency-Key's earlier answer was given again. */
  readonly replayed: boolean;
  /** Null for public operations. */
  readonly identity: Identity | null;
}

export interface StreamAnswer {
  readonly kind: 'stream';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  /**
   * Throws where the answer cannot be completed or its audit row not closed: the adapter must then reset the
   * connection, never end it as if it were whole.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
  /**
   * Instead of reading the chunks, where the request asked for the head alone: gives back what they would have come from and
   * closes the audit row as done. Throws where it cannot be closed.
   */
  endUnread(): Promise<void>;
  readonly identity: Identity | null;
}
