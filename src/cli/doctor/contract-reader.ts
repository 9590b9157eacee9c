import type { ApiClient } from '../api-client.ts';

/** One address of the server, with what the registry says of its operation. */
export interface ContractEntry {
  readonly operation: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly kind: 'read' | 'mutation';
  readonly access: 'public' | 'authenticated' | 'demands';
  readonly truth: { readonly before: string | null; readonly after: string | null };
  readonly parameters: readonly ContractParameter[];
  /** The JSON body's schema; null where the address takes none, or bytes. */
  readonly body: SchemaNode | null;
  readonly takesBytes: boolean;
}

export interface ContractParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: SchemaNode;
}

export interface SchemaNode {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly minimum?: number;
  readonly minItems?: number;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, PathOperation>>>>;
}

interface PathOperation {
  readonly parameters: readonly ContractParameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: SchemaNode }>> };
  readonly 'x-lakehouse-operation': Pick<ContractEntry, 'kind' | 'access' | 'truth'> & {
    readonly name: string;
  };
}

/**
 * Messages of the door `mcp`, which describes itself: one that every caller is answered by name, and one of the protocol.
 * A message that names a tool is answered with the tool's own refusal, and is probed as the operation it stands for.
 */
const MCP_ENTRIES: readonly ContractEntry[] = [
  mcpEntry('tools.list', 'tools/list'),
  mcpEntry('system.session', 'ping'),
];

/** Every address the running server describes, and those of its MCP door, sorted by operation. */
export async function readContract(api: ApiClient): Promise<readonly ContractEntry[]> {
  const { value } = await api.json<Document>({ method: 'GET', path: '/openapi.json' });
  const entries = Object.entries(value.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, described]): ContractEntry => {
      const { name, kind, access, truth } = described['x-lakehouse-operation'];
      const content = described.requestBody?.content ?? {};
      return {
        operation: name,
        method: method.toUpperCase() as ContractEntry['method'],
        path,
        kind,
        access,
        truth,
        parameters: described.parameters,
        body: content['application/json']?.schema ?? null,
        takesBytes: content['application/octet-stream'] !== undefined,
      };
    }),
  );
  return [...entries, ...MCP_ENTRIES].sort((a, b) =>
    `${a.operation} ${a.path}` < `${b.operation} ${b.path}` ? -1 : 1,
  );
}

function mcpEntry(operation: string, message: string): ContractEntry {
  return {
    operation,
    method: 'POST',
    path: '/mcp',
    kind: 'read',
    access: 'authenticated',
    truth: { before: null, after: null },
    parameters: [],
    body: {
      type: 'object',
      required: ['jsonrpc', 'id', 'method'],
      properties: { jsonrpc: { enum: ['2.0'] }, id: { type: 'integer' }, method: { enum: [message] } },
    },
    takesBytes: false,
  };
}
