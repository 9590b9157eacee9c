import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  isJSONRPCRequest,
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  ListToolsRequestSchema,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';

// The adapter of the MCP SDK: nothing else of the gateway names it.

export type ToolDeclaration = Tool;
export type ToolResult = CallToolResult;

/** What this server does for one message; each throws what the door refuses. */
export interface McpHandlers {
  listTools(): Promise<readonly ToolDeclaration[]>;
  callTool(name: string, given: Readonly<Record<string, unknown>>): Promise<ToolResult>;
}

export interface McpIdentity {
  readonly version: string;
  readonly instructions: string;
}

/** The answer to one message; null for a notification, `invalid` for what is no message of the protocol. */
export type MessageAnswer =
  | { readonly kind: 'answer'; readonly message: object }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'invalid' };

const MALFORMED_CALL =
  'Invalid params: `name` is the name of a tool, and `arguments` an object of its arguments; leave `arguments` out for none.';

export function isSpokenVersion(version: string): boolean {
  return SUPPORTED_PROTOCOL_VERSIONS.includes(version);
}

/**
 * Answers one message with a server made for it alone: no state is kept here, so nothing of one request is there
 * for the next. What a handler throws is an error answer of the SDK's; the caller that needs more remembers it itself.
 */
export async function answerMessage(
  given: unknown,
  about: McpIdentity,
  handlers: McpHandlers,
): Promise<MessageAnswer> {
  const parsed = JSONRPCMessageSchema.safeParse(given);
  if (!parsed.success) return { kind: 'invalid' };
  if (!isJSONRPCRequest(parsed.data)) return { kind: 'accepted' };
  // The SDK would call it an internal error, in the words of its schema.
  const isCall = parsed.data.method === 'tools/call';
  if (isCall && !CallToolRequestSchema.safeParse(parsed.data).success) {
    const error = { code: ErrorCode.InvalidParams, message: MALFORMED_CALL };
    return { kind: 'answer', message: { jsonrpc: '2.0', id: parsed.data.id, error } };
  }
  const server = new Server(
    { name: 'lakehouse', title: 'lakehouse', version: about.version },
    { capabilities: { tools: {} }, instructions: about.instructions },
  );
  server.setRequestHandler(ListToolsRequestSchema, async () => ({
    tools: [...(await handlers.listTools())],
  }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) =>
    handlers.callTool(params.name, params.arguments ?? {}),
  );
  const exchange = new SingleExchange();
  await server.connect(exchange);
  try {
    exchange.onmessage?.(parsed.data);
    return { kind: 'answer', message: await exchange.answer.promise };
  } finally {
    await server.close();
  }
}

/** A transport that carries one message in and one out. */
class SingleExchange implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  readonly answer = Promise.withResolvers<JSONRPCMessage>();

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    this.answer.resolve(message);
  }

  async close(): Promise<void> {
    this.onclose?.();
  }
}
