import multipart from '@fastify/multipart';
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { type Clock, type IdGenerator, LakeError, type Logger } from '../base/index.ts';
import type { Config } from '../config/index.ts';
import type { Answer, Door } from '../door/index.ts';
import type { HttpRoute } from '../govern/scope/index.ts';
import { gatewayErrors } from './errors.ts';
import { createExchangeServer, type ExchangeServer } from './exchange-server.ts';
import { refuseBrokenRequest, serverLimits } from './http-server.ts';
import { createMcpEndpoint, MCP_PATH, type McpEndpoint } from './mcp/mcp-endpoint.ts';
import type { Metrics } from './metrics.ts';
import { createOperationCaller, type OperationCaller } from './operation-caller.ts';
import { createOriginGuard, PREFLIGHT_HEADERS } from './origin-guard.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createRequestIntake } from './request-intake.ts';
import { isModelAddress, routeNotFound } from './route-not-found.ts';
import { planRoute } from './route-plan.ts';

export interface GatewayParts {
  readonly door: Door;
  readonly routes: readonly HttpRoute[];
  readonly config: Pick<Config, 'server' | 'auth'>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly metrics: Metrics;
  /** Folder for uploads whose form fields stand behind the file. */
  readonly spoolFolder: string;
  /** Of this package, for clients that ask who answers. */
  readonly version: string;
}

export interface Gateway {
  /** Starts to answer; the port is the one taken where 0 was asked for. */
  listen(address: { host: string; port: number }): Promise<{ readonly url: string; readonly port: number }>;
  /** Takes no new request, lets those in flight finish within `shutdown_grace_ms`, then cuts the rest off. */
  close(): Promise<void>;
}

const NO_ROUTE = { operation: 'none', door: 'http', errorMember: false } as const;
/** Messages of one address ask for several operations; audit and journal say which. */
const MCP = { operation: 'mcp', door: 'mcp', errorMember: false } as const;
const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** What cut-off requests get to clean up after themselves. */
const ABORT_GRACE_MS = 2_000;

/** The HTTP door: serves every route by its data, and judges nothing that the door of operations judges. */
export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const { server } = parts.config;
  const exchanges = createExchangeServer({
    ...parts,
    slowReaderMs: server.slow_reader_timeout_ms,
    guard: createOriginGuard({
      allowedHosts: [...server.allowed_hosts, server.host],
      allowedOrigins: server.allowed_origins,
    }),
  });
  const limiter = createRateLimiter({ perMinute: server.rate_limit_per_minute, clock: parts.clock });
  const app = await createApp(parts, exchanges);
  const intake = createRequestIntake({ ...parts, limiter });
  addRoutes(app, parts, exchanges, createOperationCaller({ ...parts, intake }));
  addMcp(app, exchanges, createMcpEndpoint({ ...parts, intake }));
  await app.ready();
  return {
    async listen(address) {
      await app.listen(address).catch((cause: unknown) => {
        throw unusableAddress(address, cause);
      });
      const bound = app.server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
      const host = address.host.includes(':') ? `[${address.host}]` : address.host;
      return { url: `http://${host}:${port}`, port };
    },
    async close() {
      exchanges.stopTaking();
      const graceMs = server.shutdown_grace_ms;
      const patience = setTimeout(() => exchanges.abortAll(), graceMs);
      const end = setTimeout(() => app.server.closeAllConnections(), graceMs + ABORT_GRACE_MS);
      try {
        await app.close();
      } finally {
        clearTimeout(patience);
        clearTimeout(end);
      }
    },
  };
}

/** The framework with its limits, its own refusals turned into ours, and no body parsed before a route asks. */
async function createApp(parts: GatewayParts, exchanges: ExchangeServer): Promise<FastifyInstance> {
  const { server } = parts.config;
  const app = fastify({
    ...serverLimits(server),
    clientErrorHandler: refuseBrokenRequest(parts.ids, (connection) => exchanges.isAnsweringOn(connection)),
    frameworkErrors: (error, request, reply) => {
      void exchanges.serve(request, reply, NO_ROUTE, () => Promise.reject(frameworkRefusal(error)));
    },
  });
  app.server.maxConnections = server.max_connections;
  app.removeAllContentTypeParsers();
  await app.register(multipart);
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setNotFoundHandler((request, reply) => {
    const served = { ...NO_ROUTE, errorMember: isModelAddress(request.url) };
    return exchanges.serve(request, reply, served, () => Promise.reject(routeNotFound(request.url)));
  });
  app.setErrorHandler((error, request, reply) =>
    exchanges.serve(request, reply, NO_ROUTE, () => Promise.reject(frameworkRefusal(error))),
  );
  return app;
}

function addRoutes(
  app: FastifyInstance,
  parts: GatewayParts,
  exchanges: ExchangeServer,
  call: OperationCaller,
): void {
  const operations = new Map(parts.door.operations.map((operation) => [operation.name, operation]));
  const heads = new Set(parts.routes.filter((route) => route.method === 'HEAD').map((route) => route.path));
  const methodsAt = new Map<string, Set<string>>();
  for (const route of parts.routes) {
    const plan = planRoute(route, operations);
    const served = {
      operation: route.operation,
      door: 'http',
      errorMember: route.errorMember === true,
    } as const;
    const taken = methodsAt.get(plan.pattern) ?? new Set();
    methodsAt.set(plan.pattern, taken.add(route.method));
    // HEAD is GET without its body, except where a route says otherwise.
    const isHeadToo = route.method === 'GET' && !heads.has(route.path);
    if (isHeadToo) taken.add('HEAD');
    app.route({
      method: isHeadToo ? ['GET', 'HEAD'] : route.method,
      url: plan.pattern,
      handler: (request, reply) =>
        exchanges.serve(request, reply, served, (exchange) => call(plan, request, exchange)),
    });
  }
  for (const [url, taken] of methodsAt) refuseOtherMethods(app, exchanges, url, taken);
}

/** The door of the Model Context Protocol: one address whose messages name the operation. It streams nothing. */
function addMcp(app: FastifyInstance, exchanges: ExchangeServer, answer: McpEndpoint): void {
  app.route({
    method: 'POST',
    url: MCP_PATH,
    handler: (request, reply) =>
      exchanges.serve(request, reply, MCP, (exchange) => answer(request, exchange)),
  });
  refuseOtherMethods(app, exchanges, MCP_PATH, new Set(['POST']));
}

function refuseOtherMethods(
  app: FastifyInstance,
  exchanges: ExchangeServer,
  url: string,
  taken: ReadonlySet<string>,
): void {
  app.route({
    method: METHODS.filter((method) => !taken.has(method)),
    url,
    handler: (request, reply) => exchanges.serve(request, reply, NO_ROUTE, () => otherMethod(request, taken)),
  });
}

/** A preflight of an allowed origin is answered; its headers are the guard's. Any other method is refused. */
async function otherMethod(request: FastifyRequest, taken: ReadonlySet<string>): Promise<Answer> {
  if (request.method === 'OPTIONS' && request.headers.origin !== undefined) {
    const headers = PREFLIGHT_HEADERS;
    return { kind: 'value', status: 204, headers, value: null, replayed: false, identity: null };
  }
  const allow = [...taken].sort();
  throw new LakeError(gatewayErrors.method_not_allowed, {
    detail: `${request.method} is not taken here; use ${allow.join(', ')}.`,
    data: { allow },
  });
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user may not listen there; ports below 1024 are the system’s',
  EADDRNOTAVAIL: 'the address is not one of this machine',
  ENOTFOUND: 'no address is known by this name',
};

function unusableAddress({ host, port }: { host: string; port: number }, cause: unknown): LakeError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = Object.hasOwn(LISTEN_REASONS, code) ? LISTEN_REASONS[code] : code;
  return new LakeError(gatewayErrors.address_unusable, {
    detail: `The server cannot listen at ${host}, port ${port}: ${reason}. Choose another with --host and --port (server.host, server.port); port 0 takes a free one.`,
    cause,
  });
}

/** The framework's own refusals, which come before any route's handler. */
function frameworkRefusal(error: unknown): unknown {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  if (status === 415) {
    return new LakeError(gatewayErrors.unsupported_body, { detail: 'The Content-Type is not well-formed.' });
  }
  if (typeof status !== 'number' || status >= 500) return error;
  return new LakeError(gatewayErrors.bad_url, { detail: 'The path is not well-formed, or too long.' });
}
