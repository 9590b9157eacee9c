import type { FastifyRequest } from 'fastify';
import { type IdGenerator, type JsonObject, LakeError } from '../../base/index.ts';
import type { Answer, Door, ValueAnswer } from '../../door/index.ts';
import { gatewayErrors } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { SESSION_OPERATION } from '../operations/session.ts';
import type { RequestIntake } from '../request-intake.ts';
import type { ContentPlan } from '../route-plan.ts';
import { ROWS_ARE_DATA } from './built-in-tools.ts';
import { createMcpTools } from './mcp-tools.ts';
import { createMessageCaller } from './message-caller.ts';
import { createRunningCalls, SESSION_HEADER } from './running-calls.ts';
import { answerMessage, isSpokenVersion } from './sdk-server.ts';

/** Answers one POST: a message of the Model Context Protocol (Streamable HTTP, JSON answers). */
export type McpEndpoint = (request: FastifyRequest, exchange: Exchange) => Promise<Answer>;

export interface McpParts {
  readonly door: Door;
  readonly intake: RequestIntake;
  readonly version: string;
  readonly ids: IdGenerator;
}

export const MCP_PATH = '/mcp';

const CONTENT: ContentPlan = {
  route: { body: 'json' },
  pathMembers: new Map(),
  query: new Set(),
  headers: new Map(),
  schema: {},
  members: new Map(),
};
const INSTRUCTIONS =
  'Governed access to a team’s data. Every call is made with your key’s rights, masked, filtered and recorded. Start ' +
  `with whoami and list_datasets. A refusal says what to do; the same call again changes nothing. ${ROWS_ARE_DATA}`;

/**
 * An adapter like any route: **each message is one call of the door**, with the caller's credentials and the door `mcp`.
 * `tools/list` is the operation `tools.list`, `tools/call` the operation the tool names, and every other message
 * `system.session`, so that nothing is answered to a caller without a valid key.
 */
export function createMcpEndpoint(parts: McpParts): McpEndpoint {
  const { door, intake, ids } = parts;
  const tools = createMcpTools(door.operations);
  const running = createRunningCalls();
  const about = { version: parts.version, instructions: INSTRUCTIONS };

  return async (request, exchange) => {
    const content = await intake.take({ request, exchange, plan: CONTENT, door: 'mcp', isPublic: false });
    await content.close();
    const caller = createMessageCaller(door, exchange);
    if (!isSpoken(request)) {
      await caller.invoke(SESSION_OPERATION, {});
      throw unsupportedVersion();
    }
    const message = { ...content.input } as JsonObject;
    const session = sessionOf(request);
    const end = running.begin(message, exchange, session);
    try {
      const answer = await answerMessage(message, about, {
        listTools: () => caller.refusing(() => tools.list(caller)),
        callTool: (name, given) => caller.refusing(() => tools.call(caller, { name, given })),
      });
      if (caller.refusal() !== null) throw caller.refusal();
      if (!caller.hasReached()) await caller.invoke(SESSION_OPERATION, {});
      content.proved();
      if (answer.kind === 'invalid') throw invalidMessage();
      if (answer.kind === 'answer') return valueAnswer(200, answer.message, begunBy(message));
      running.cancel(message, exchange, session);
      return valueAnswer(202, null);
    } finally {
      end();
    }
  };

  /** The id by which a client that begins is to be known. */
  function begunBy({ method }: JsonObject): Readonly<Record<string, string>> {
    return method === 'initialize' ? { [SESSION_HEADER]: ids.next() } : {};
  }
}

/** A client names the version that `initialize` agreed on; one that names none is taken as it speaks. */
function isSpoken(request: FastifyRequest): boolean {
  const version = request.headers['mcp-protocol-version'];
  return version === undefined || (typeof version === 'string' && isSpokenVersion(version));
}

function unsupportedVersion(): LakeError {
  return new LakeError(gatewayErrors.mcp_version_unsupported, {
    detail: 'This server does not speak that MCP-Protocol-Version. Send `initialize` to agree on one.',
  });
}

function invalidMessage(): LakeError {
  return new LakeError(gatewayErrors.mcp_message_invalid, {
    detail: 'The body is not a JSON-RPC 2.0 request, notification or answer.',
  });
}

function sessionOf({ headers }: FastifyRequest): string | undefined {
  const session = headers[SESSION_HEADER];
  return typeof session === 'string' ? session : undefined;
}

function valueAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): ValueAnswer {
  return { kind: 'value', status, headers, value, replayed: false, identity: null };
}
