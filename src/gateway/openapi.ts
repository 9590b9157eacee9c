import { compareTexts } from '../base/index.ts';
import type { AnyOperation, HttpRoute } from '../govern/scope/index.ts';
import { inputSchema, memberSchemas, outputSchema, type SchemaNode } from './input-schema.ts';
import { PROBLEM_MEDIA_TYPE } from './problem.ts';
import { pathMembers } from './route-plan.ts';

/** What the document is made of: the registry of operations and every route to them. */
export interface ContractParts {
  readonly version: string;
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
}

/** The OpenAPI 3.1 description of this server. Equal registries give equal documents, member by member. */
export function openApiDocument(parts: ContractParts): Readonly<Record<string, unknown>> {
  const operations = new Map(parts.operations.map((operation) => [operation.name, operation]));
  const paths = new Map<string, Record<string, unknown>>();
  const routes = [...parts.routes].sort((a, b) =>
    compareTexts(`${a.path} ${a.method}`, `${b.path} ${b.method}`),
  );
  for (const route of routes) {
    const operation = operations.get(route.operation);
    if (operation === undefined) throw new Error(`${route.path} names no operation: ${route.operation}`);
    const path = route.path.replaceAll('{*', '{');
    const item = paths.get(path) ?? {};
    item[route.method.toLowerCase()] = describeRoute(route, operation);
    paths.set(path, item);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'lakehouse',
      version: parts.version,
      summary:
        'One governed door to a team’s data and models: identity, access, truth and journal on every request.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }, { bearer: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
      schemas: { Problem: PROBLEM_SCHEMA, ...sharedSchemas(parts.operations) },
      responses: {
        Problem: {
          description: 'A refusal (RFC 9457); `code` is stable and says what to do.',
          content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'remedy', 'instance', 'code', 'retryable', 'errors'],
  properties: {
    type: { type: 'string', description: '`/problems/<code>`' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What was wrong here.' },
    remedy: { type: 'string', description: 'What to do about it, the same for every refusal of this code.' },
    instance: { type: 'string', description: 'The request id.' },
    code: { type: 'string' },
    retryable: { type: 'boolean' },
    errors: { type: 'array', items: { type: 'object' } },
  },
};

/** Definitions that schemas refer to by name, under a name that no other operation has. */
function sharedSchemas(operations: readonly AnyOperation[]): Readonly<Record<string, unknown>> {
  const shared = operations.flatMap((operation) =>
    (['input', 'output'] as const).flatMap((side) => {
      const schema = side === 'input' ? inputSchema(operation) : outputSchema(operation);
      const prefix = sharedPrefix(operation, side);
      return Object.entries(schema.$defs ?? {}).map(([name, node]) => [
        `${prefix}${name}`,
        withSharedReferences(node, prefix),
      ]);
    }),
  );
  return Object.fromEntries(shared);
}

function sharedPrefix(operation: AnyOperation, side: 'input' | 'output'): string {
  return `${operation.name}.${side}.`;
}

/** The schema with its references pointing into the document's components, and without definitions of its own. */
function withSharedReferences(schema: SchemaNode, prefix: string): SchemaNode {
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([name]) => name !== '$defs');
    return Object.fromEntries(
      entries.map(([name, member]) => [
        name,
        name === '$ref' && typeof member === 'string'
          ? member.replace('#/$defs/', `#/components/schemas/${prefix}`)
          : rewrite(member),
      ]),
    );
  };
  return rewrite(schema) as SchemaNode;
}

function describeRoute(route: HttpRoute, operation: AnyOperation): Record<string, unknown> {
  const schema = inputSchema(operation);
  const isPublic = operation.access.kind === 'public';
  const body = requestBody(route, operation, schema);
  return {
    operationId: operationId(route),
    summary: operation.summary,
    description: operation.description,
    tags: [operation.name.split('.')[0]],
    parameters: parameters(route, operation, schema),
    ...(body === null ? {} : { requestBody: body }),
    responses: {
      [String(route.successStatus ?? 200)]: success(route, operation),
      default: { $ref: '#/components/responses/Problem' },
    },
    ...(isPublic ? { security: [] } : {}),
    'x-lakehouse-operation': {
      name: operation.name,
      kind: operation.kind,
      access: operation.access.kind,
      truth: { before: ruleName(operation.truth.before), after: ruleName(operation.truth.after) },
    },
  };
}

/** One operation may have several routes (GET and HEAD): the method makes the id unique. */
function operationId(route: HttpRoute): string {
  return `${route.operation}.${route.method.toLowerCase()}.${[...pathMembers(route.path).values()].join('-')}`.replace(
    /\.$/,
    '',
  );
}

function ruleName(rule: { taskClass: string } | { none: string }): string | null {
  return 'none' in rule ? null : rule.taskClass;
}

function parameters(route: HttpRoute, operation: AnyOperation, schema: SchemaNode): unknown[] {
  const members = memberSchemas(schema);
  const required = new Set(schema.required ?? []);
  const describe = (name: string, place: string, as = name) => {
    const { description, ...member } = members.get(name) ?? {};
    const isRequired = place === 'path' || required.has(name);
    const text = typeof description === 'string' ? { description } : {};
    return {
      name: as,
      in: place,
      required: isRequired,
      ...text,
      schema: withSharedReferences(member, sharedPrefix(operation, 'input')),
    };
  };
  const described = [
    ...[...pathMembers(route.path).values()].map((name) => describe(name, 'path')),
    ...(route.query ?? []).map((name) => describe(name, 'query')),
    ...Object.entries(route.headers ?? {}).map(([header, name]) => describe(name, 'header', header)),
  ];
  const idempotency = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'The same key has the same effect once; its answer is given again for 24 hours.',
    schema: { type: 'string', maxLength: 128 },
  };
  return operation.kind === 'mutation' ? [...described, idempotency] : described;
}

function requestBody(
  route: HttpRoute,
  operation: AnyOperation,
  schema: SchemaNode,
): Record<string, unknown> | null {
  const bytes = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  if (route.body === 'none') return null;
  if (route.body === 'raw') return { required: true, content: bytes };
  const elsewhere = new Set([
    ...pathMembers(route.path).values(),
    ...(route.body === 'json' ? (route.query ?? []) : []),
    ...Object.values(route.headers ?? {}),
  ]);
  const json = withSharedReferences(without(schema, elsewhere), sharedPrefix(operation, 'input'));
  if (route.body === 'json') {
    const isRequired = (json.required?.length ?? 0) > 0;
    return { required: isRequired, content: { 'application/json': { schema: json } } };
  }
  const form = {
    ...json,
    properties: { ...json.properties, file: { type: 'string', format: 'binary' } },
    required: [...(json.required ?? []), 'file'],
  };
  return { required: true, content: { 'multipart/form-data': { schema: form }, ...bytes } };
}

function success(route: HttpRoute, operation: AnyOperation): Record<string, unknown> {
  const streams = (route.streams ?? []).map((type) => [
    type,
    { schema: { type: 'string', format: 'binary' } },
  ]);
  const schema = withSharedReferences(outputSchema(operation), sharedPrefix(operation, 'output'));
  const answersJson = route.method !== 'HEAD' && !(streams.length > 0 && isEmpty(schema));
  const json = answersJson ? [['application/json', { schema }]] : [];
  const content = Object.fromEntries([...json, ...streams]);
  return {
    description: operation.summary,
    headers: {
      'X-Request-Id': { schema: { type: 'string' }, description: 'Names this request in logs and journal.' },
    },
    ...(route.method === 'HEAD' ? {} : { content }),
  };
}

function isEmpty(schema: SchemaNode): boolean {
  return schema.type === 'null' || Object.keys(schema).length === 0;
}

/** The schema without members that travel elsewhere. */
function without(schema: SchemaNode, names: ReadonlySet<string>): SchemaNode {
  if (schema.properties === undefined || names.size === 0) return schema;
  const properties = Object.fromEntries(
    Object.entries(schema.properties).filter(([name]) => !names.has(name)),
  );
  const required = (schema.required ?? []).filter((name) => !names.has(name));
  const { required: _, ...rest } = schema;
  return { ...rest, properties, ...(required.length === 0 ? {} : { required }) };
}
