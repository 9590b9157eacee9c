import type { AnyOperation, HttpRoute } from '../govern/scope/index.ts';
import { inputSchema, memberSchemas, type SchemaNode } from './input-schema.ts';

/** A route with everything its requests need, worked out once. */
export interface RoutePlan extends ContentPlan {
  readonly route: HttpRoute;
  readonly operation: AnyOperation;
  /** The path as the router writes it: `/a/:name`, `/b/*`. */
  readonly pattern: string;
}

/** How the parts of a request become one input. */
export interface ContentPlan {
  readonly route: Pick<HttpRoute, 'body' | 'encodedSlashes'>;
  /** Path parameter as the router names it → input member. */
  readonly pathMembers: ReadonlyMap<string, string>;
  readonly query: ReadonlySet<string>;
  readonly headers: ReadonlyMap<string, string>;
  readonly schema: SchemaNode;
  readonly members: ReadonlyMap<string, SchemaNode>;
}

/** Throws (our bug, at start) for a route without an operation or with a name its operation does not take. */
export function planRoute(route: HttpRoute, operations: ReadonlyMap<string, AnyOperation>): RoutePlan {
  const operation = operations.get(route.operation);
  if (operation === undefined) throw new Error(`${route.path} names no operation: ${route.operation}`);
  const schema = inputSchema(operation);
  const plan: RoutePlan = {
    route,
    operation,
    pattern: route.path.replace(/\{\*[a-z_]+\}$/, '*').replaceAll(/\{([a-z_]+)\}/g, ':$1'),
    pathMembers: pathMembers(route.path),
    query: new Set(route.query ?? []),
    headers: new Map(Object.entries(route.headers ?? {})),
    schema,
    members: memberSchemas(schema),
  };
  for (const name of [...plan.pathMembers.values(), ...plan.query, ...plan.headers.values()]) {
    if (!plan.members.has(name)) throw new Error(`${route.path}: ${route.operation} takes no \`${name}\``);
  }
  return plan;
}

/** Names in the path of a route, in order: `{name}` and a last `{*key}`. */
export function pathMembers(path: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  for (const [, star, name] of path.matchAll(/\{(\*?)([a-z_]+)\}/g)) {
    if (name !== undefined) members.set(star === '*' ? '*' : name, name);
  }
  return members;
}
