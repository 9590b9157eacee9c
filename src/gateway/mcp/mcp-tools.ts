import { collectBytes, type ErrorKind, LakeError } from '../../base/index.ts';
import type { Answer } from '../../door/index.ts';
import type { AnyOperation } from '../../govern/scope/index.ts';
import { gatewayErrors } from '../errors.ts';
import { inputSchema } from '../input-schema.ts';
import { asLakeError } from '../problem.ts';
import { BUILT_IN_TOOLS, type BuiltInTool, ROWS_ARE_DATA } from './built-in-tools.ts';
import type { MessageCaller } from './message-caller.ts';
import type { ToolDeclaration, ToolResult } from './sdk-server.ts';
import { answeredResult, refusedResult } from './tool-result.ts';

/** The tools of this door: each call of one is a call of the operation it stands for. */
export interface McpTools {
  list(caller: MessageCaller): Promise<readonly ToolDeclaration[]>;
  call(
    caller: MessageCaller,
    called: { readonly name: string; readonly given: Readonly<Record<string, unknown>> },
  ): Promise<ToolResult>;
}

const LIST_OPERATION = 'tools.list';
const CALL_OPERATION = 'tools.call';
/** A result goes to a model whole. */
const MAX_RESULT_BYTES = 8_388_608;

/** Answered by HTTP: no valid key, a caller who has left, a defect, and a server that cannot record or serve (G-4). */
const NOT_FOR_A_MODEL: ReadonlySet<ErrorKind> = new Set([
  'unauthenticated',
  'cancelled',
  'internal',
  'unavailable',
  'storage_full',
]);

export function createMcpTools(operations: readonly AnyOperation[]): McpTools {
  const builtIn = declareBuiltIn(operations);
  return {
    list: (caller) => listTools(caller, builtIn),
    call: (caller, called) => callTool(caller, builtIn, called),
  };
}

interface DeclaredTool {
  readonly tool: BuiltInTool;
  readonly declaration: ToolDeclaration;
}

/** Throws (our bug, at start) for a tool whose operation is not there or takes no such member. */
function declareBuiltIn(operations: readonly AnyOperation[]): ReadonlyMap<string, DeclaredTool> {
  return new Map(
    BUILT_IN_TOOLS.map((tool) => {
      const operation = operations.find(({ name }) => name === tool.operation);
      if (operation === undefined) throw new Error(`the tool ${tool.name} names no operation`);
      return [tool.name, { tool, declaration: declare(tool, operation) }];
    }),
  );
}

function declare(tool: BuiltInTool, operation: AnyOperation): ToolDeclaration {
  const schema = inputSchema(operation);
  const properties = Object.fromEntries(
    tool.members.map((name) => {
      const member = schema.properties?.[name];
      if (member === undefined) throw new Error(`${tool.name}: ${tool.operation} takes no ${name}`);
      const value = tool.defaults?.[name];
      return [name, value === undefined ? member : { ...member, default: value }];
    }),
  );
  const required = (schema.required ?? []).filter((name) => tool.members.includes(name));
  const { name, title, description } = tool;
  return {
    name,
    title,
    description,
    inputSchema: { type: 'object', properties, required, additionalProperties: false },
    annotations: { readOnlyHint: true, openWorldHint: false },
  };
}

/** The caller's own tools, and the built-in ones, which everyone may call and which answer each by their rights. */
async function listTools(
  caller: MessageCaller,
  builtIn: ReadonlyMap<string, DeclaredTool>,
): Promise<readonly ToolDeclaration[]> {
  const { tools } = await readValue(await caller.invoke(LIST_OPERATION, {}));
  const own = (Array.isArray(tools) ? tools : []).map(
    ({ name, description, parameters }): ToolDeclaration => ({
      name,
      description: `${description} ${ROWS_ARE_DATA}`,
      inputSchema: parameters,
      annotations: { readOnlyHint: true, openWorldHint: false },
    }),
  );
  return [...own, ...[...builtIn.values()].map(({ declaration }) => declaration)];
}

/** A refusal is a result that the model can act on, except where the caller or the server itself is what is wrong. */
async function callTool(
  caller: MessageCaller,
  builtIn: ReadonlyMap<string, DeclaredTool>,
  called: { readonly name: string; readonly given: Readonly<Record<string, unknown>> },
): Promise<ToolResult> {
  const { name, given } = called;
  try {
    const found = builtIn.get(name)?.tool;
    const answer =
      found === undefined
        ? await caller.invoke(CALL_OPERATION, { name, arguments: given })
        : await caller.invoke(found.operation, inputOf(found, given));
    return answeredResult(await readValue(answer));
  } catch (error) {
    const refusal = asLakeError(error);
    if (NOT_FOR_A_MODEL.has(refusal.kind)) throw error;
    return refusedResult(refusal, caller.requestId);
  }
}

function inputOf(
  tool: BuiltInTool,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const unknown = Object.keys(given).find((name) => !tool.members.includes(name));
  if (unknown !== undefined) {
    const known = tool.members.length === 0 ? 'It takes none.' : `It takes ${tool.members.join(', ')}.`;
    throw new LakeError(gatewayErrors.mcp_argument_unknown, {
      detail: `${tool.name} has no argument "${unknown.slice(0, 64)}". ${known}`,
    });
  }
  return { ...tool.defaults, ...given, ...tool.fixed };
}

async function readValue(answer: Answer): Promise<Readonly<Record<string, unknown>>> {
  if (answer.kind === 'value') return answer.value as Readonly<Record<string, unknown>>;
  const bytes = await collectBytes(answer.chunks, MAX_RESULT_BYTES);
  if (bytes !== null) return JSON.parse(bytes.toString('utf8'));
  throw new LakeError(gatewayErrors.mcp_result_too_large, {
    detail: `The result is larger than ${MAX_RESULT_BYTES} bytes. Ask for fewer rows or columns.`,
  });
}
