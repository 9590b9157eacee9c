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
  readonly minimum?: number;
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

/** Every address the running server describes, sorted by operation. */
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
  return entries.sort((a, b) => (`${a.operation} ${a.path}` < `${b.operation} ${b.path}` ? -1 : 1));
}
