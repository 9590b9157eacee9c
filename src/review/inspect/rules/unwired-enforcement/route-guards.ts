// Routes of Express, Hono, Koa routers and Fastify, as they are written: `app.get('/jobs', requireAuth, list)`,
// `app.route({ method, url, preHandler })`, `app.use(requireAuth)`.
import { type Observation, placeOf } from '../../rule.ts';
import { functionAround } from '../../syntax/functions.ts';
import type { Node, NodeOf, ParsedSource } from '../../syntax/parsed-source.ts';
import { isEnforcementName, wordsOf } from '../../words.ts';

interface Route {
  readonly call: NodeOf<'CallExpression'>;
  readonly path: string;
  readonly isWrite: boolean;
  readonly guards: readonly string[];
}

/** Guards that come too late, and routes that lack the guard all their siblings have. */
export function routeFindings(file: ParsedSource): readonly Observation[] {
  const groups = new Map<string, { routes: Route[]; uses: NodeOf<'CallExpression'>[] }>();
  for (const call of file.nodesOf('CallExpression')) {
    if (call.callee.type !== 'MemberExpression' || call.callee.computed) continue;
    const receiver = file.textOf(call.callee.object);
    if (!/^[\w$.]+$/.test(receiver)) continue;
    const method = file.textOf(call.callee.property);
    const scope = functionAround(file, call)?.start ?? -1;
    const key = `${receiver}@${scope}`;
    const group = groups.get(key) ?? { routes: [], uses: [] };
    const route = routeOf(file, call, method);
    if (route !== null) group.routes.push(route);
    else if (method === 'use') group.uses.push(call);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ routes, uses }) => [
    ...routesWithoutGuard(file, routes),
    ...lateGuards(file, routes, uses),
  ]);
}

const VERBS: ReadonlyMap<string, boolean> = new Map([
  ['get', false],
  ['post', true],
  ['put', true],
  ['patch', true],
  ['delete', true],
]);

function routeOf(file: ParsedSource, call: NodeOf<'CallExpression'>, method: string): Route | null {
  const [first, ...others] = call.arguments;
  if (method === 'route' && first?.type === 'ObjectExpression') return routeOfOptions(file, call, first);
  const isWrite = VERBS.get(method);
  if (isWrite === undefined || others.length === 0 || first?.type !== 'Literal') return null;
  if (typeof first.value !== 'string' || !/^[/*]/.test(first.value)) return null;
  const before = others.slice(0, -1);
  return { call, path: first.value, isWrite, guards: before.flatMap((one) => guardsIn(file, one)) };
}

function routeOfOptions(
  file: ParsedSource,
  call: NodeOf<'CallExpression'>,
  options: NodeOf<'ObjectExpression'>,
): Route | null {
  const text = (name: string): string | null => {
    const value = memberOf(file, options, name);
    return value?.type === 'Literal' && typeof value.value === 'string' ? value.value : null;
  };
  const path = text('url') ?? text('path');
  const method = text('method');
  if (path === null || method === null) return null;
  const isWrite = VERBS.get(method.toLowerCase()) ?? true;
  return { call, path, isWrite, guards: guardsIn(file, options) };
}

/** The names of the guards in a route's arguments: middleware, hooks of an options object, a scheme named `auth`. */
function guardsIn(file: ParsedSource, node: Node): readonly string[] {
  if (node.type === 'Identifier') return isEnforcementName(node.name) ? [node.name] : [];
  if (node.type === 'MemberExpression') {
    const name = node.computed ? '' : file.textOf(node.property);
    return isEnforcementName(name) ? [name] : [];
  }
  if (node.type === 'CallExpression') {
    return [node.callee, ...node.arguments].flatMap((one) => guardsIn(file, one));
  }
  if (node.type === 'ArrayExpression')
    return node.elements.flatMap((one) => (one === null ? [] : guardsIn(file, one)));
  if (node.type !== 'ObjectExpression') return [];
  return HOOKS.flatMap((hook) => {
    const value = memberOf(file, node, hook);
    if (value === null) return [];
    return hook === 'auth' || hook === 'config' ? [hook] : guardsIn(file, value);
  });
}

const HOOKS = ['onRequest', 'preParsing', 'preValidation', 'preHandler', 'auth', 'config'];

function memberOf(file: ParsedSource, object: NodeOf<'ObjectExpression'>, name: string): Node | null {
  for (const one of object.properties)
    if (one.type === 'Property' && !one.computed && file.textOf(one.key) === name) return one.value;
  return null;
}

/** One route among at least three of its kind without the guard that all the others share. */
function routesWithoutGuard(file: ParsedSource, routes: readonly Route[]): readonly Observation[] {
  const outliers = [true, false].flatMap((isWrite) => {
    const alike = routes.filter((route) => route.isWrite === isWrite && !isPublic(route));
    const open = alike.filter(({ guards }) => guards.length === 0);
    const [outlier] = open;
    const others = alike.filter((route) => route !== outlier);
    if (outlier === undefined || open.length !== 1 || others.length < 2) return [];
    const shared = others[0]?.guards.find((name) => others.every(({ guards }) => guards.includes(name)));
    return shared === undefined ? [] : [{ outlier, shared, count: others.length }];
  });
  return outliers.map(({ outlier, shared, count }) => ({
    place: placeOf(file, outlier.call),
    claim: `The route \`${outlier.path}\` lacks the guard \`${shared}\` that its ${count} siblings have.`,
  }));
}

/** `app.use(requireAuth)` after the last route: what was registered before it is not guarded. */
function lateGuards(
  file: ParsedSource,
  routes: readonly Route[],
  uses: readonly NodeOf<'CallExpression'>[],
): readonly Observation[] {
  const guarded = routes.filter((route) => !isPublic(route));
  const last = Math.max(-1, ...routes.map(({ call }) => call.start));
  const lastUse = Math.max(-1, ...uses.map((call) => call.start));
  return uses.flatMap((call) => {
    const [guard] = call.arguments;
    const [name] = guard === undefined || call.arguments.length > 1 ? [] : guardsIn(file, guard);
    if (name === undefined || guarded.length === 0 || call.start < last || call.start < lastUse) return [];
    const claim = `\`${name}\` is registered after the last route, so that no route passes it.`;
    return [{ place: placeOf(file, call), claim }];
  });
}

/** Addresses that are open by their nature; the root of a router is, to read. */
function isPublic({ path, isWrite }: Route): boolean {
  if (path === '/' && !isWrite) return true;
  return path === '*' || path === '/*' || wordsOf(path).some((word) => OPEN_WORDS.has(word));
}

const OPEN_WORDS: ReadonlySet<string> = new Set([
  ...['health', 'healthz', 'ready', 'readyz', 'live', 'livez', 'ping', 'status', 'metrics', 'version'],
  ...['login', 'logout', 'signin', 'signup', 'register', 'callback', 'oauth', 'token', 'refresh', 'forgot'],
  ...['reset', 'public', 'docs', 'openapi', 'swagger', 'favicon', 'robots', 'webhook', 'webhooks', 'assets'],
  ...['static', 'session', 'sessions', 'auth', 'csrf'],
]);
