import multipart from '@fastify/multipart';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { type Clock, type IdGenerator, LakeError, type Logger, sha256Hex } from '../base/index.ts';
import type { Config } from '../config/index.ts';
import type { Answer, Door } from '../door/index.ts';
import type { HttpRoute } from '../govern/scope/index.ts';
import { writeAnswer } from './answer-writer.ts';
import { createBodyBudget } from './body-budget.ts';
import { gatewayErrors } from './errors.ts';
import { type Exchange, openExchange } from './exchange.ts';
import { refuseBrokenRequest, serverLimits } from './http-server.ts';
import type { Metrics } from './metrics.ts';
import { SESSION_OPERATION } from './operations/session.ts';
import { createOriginGuard, PREFLIGHT_HEADERS } from './origin-guard.ts';
import { asLakeError, toProblem } from './problem.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { readContent } from './request-content.ts';
import { planRoute, type RoutePlan } from './route-plan.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

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
}

export interface Gateway {
  /** Starts to answer; the port is the one taken where 0 was asked for. */
  listen(address: { host: string; port: number }): Promise<{ readonly url: string; readonly port: number }>;
  /** Takes no new request, lets those in flight finish within `shutdown_grace_ms`, then cuts the rest off. */
  close(): Promise<void>;
}

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** JSON bodies being read at once, together. */
const BODY_BUDGET_BYTES = 268_435_456;
/** How long the rest of a refused upload is read and dropped, so that its sender sees the refusal. */
const LINGER_MS = 5_000;
/** What cut-off requests get to clean up after themselves. */
const ABORT_GRACE_MS = 2_000;

/** The HTTP door: serves every route by its data, and judges nothing that the door of operations judges. */
export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, door, clock, log } = parts;
  const { server } = config;
  const guard = createOriginGuard({
    allowedHosts: [...server.allowed_hosts, server.host],
    allowedOrigins: server.allowed_origins,
  });
  const limiter = createRateLimiter({ perMinute: server.rate_limit_per_minute, clock });
  const budget = createBodyBudget(BODY_BUDGET_BYTES);
  const inFlight = new Set<Exchange>();
  let closing = false;

  const app = fastify({
    ...serverLimits(server),
    clientErrorHandler: refuseBrokenRequest(parts.ids),
    frameworkErrors: (error, request, reply) => {
      void serve(request, reply, 'none', async () => {
        throw frameworkRefusal(error);
      });
    },
  });
  app.server.maxConnections = server.max_connections;
  app.removeAllContentTypeParsers();
  await app.register(multipart);
  // Bodies are read by the route's own plan, from the raw stream.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  /** Runs one request from guard to last byte; every outcome is an answer or a reset. */
  async function serve(
    request: FastifyRequest,
    reply: FastifyReply,
    operation: string,
    answer: (exchange: Exchange) => Promise<Answer>,
  ): Promise<void> {
    reply.hijack();
    const response = reply.raw;
    const exchange = openExchange(request.raw, response, {
      nextId: () => parts.ids.next(),
      nowMs: clock.monotonicMs(),
    });
    inFlight.add(exchange);
    try {
      const extra = { ...SECURITY_HEADERS, 'x-request-id': exchange.requestId };
      for (const [name, value] of Object.entries(extra)) response.setHeader(name, value);
      const cors = guard.check(request.headers);
      for (const [name, value] of Object.entries(cors)) response.setHeader(name, value);
      if (closing) throw shuttingDown();
      await writeAnswer({
        response,
        answer: await answer(exchange),
        headOnly: request.method === 'HEAD',
        slowReaderMs: server.slow_reader_timeout_ms,
        onBreak: (error) => log.warn({ err: error, request_id: exchange.requestId }, 'answer cut off'),
      });
    } catch (error) {
      refuse(request, reply, exchange, error);
    } finally {
      inFlight.delete(exchange);
      settle(request, reply, exchange, operation);
    }
  }

  function refuse(request: FastifyRequest, reply: FastifyReply, exchange: Exchange, error: unknown): void {
    const refusal = asLakeError(error);
    if (refusal.kind === 'internal') {
      log.error({ err: refusal.cause ?? refusal, request_id: exchange.requestId }, 'request failed');
    }
    const response = reply.raw;
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const problem = toProblem(refusal, exchange.requestId);
    const body = Buffer.from(JSON.stringify(problem.body));
    response.writeHead(problem.status, { ...problem.headers, 'content-length': String(body.length) });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  function settle(request: FastifyRequest, reply: FastifyReply, exchange: Exchange, operation: string): void {
    const latencyMs = clock.monotonicMs() - exchange.startedMs;
    const status = reply.raw.statusCode;
    parts.metrics.observeRequest({ operation, door: 'http', status, seconds: latencyMs / 1000 });
    log.debug(
      { request_id: exchange.requestId, operation, status, latency_ms: Math.round(latencyMs) },
      'request answered',
    );
    if (request.raw.complete || request.raw.destroyed) return;
    const timer = setTimeout(() => request.raw.destroy(), LINGER_MS);
    request.raw.once('close', () => clearTimeout(timer));
    request.raw.unpipe();
    request.raw.resume();
  }

  async function invoke(plan: RoutePlan, request: FastifyRequest, exchange: Exchange): Promise<Answer> {
    const { credentials, requestId, signal } = exchange;
    const isPublic = plan.operation.access.kind === 'public';
    if (!isPublic) limiter.take(subjectOf(credentials.apiKey, request.ip));
    if (/%(?:2f|5c|00)/i.test(pathOf(request))) throw badUrl();
    const call = { door: 'http', requestId, credentials, signal, idempotencyKey: null } as const;
    const operation = plan.operation.name;
    if (!isPublic && config.auth.enabled && credentials.apiKey === null) {
      // No key: the refusal is known before a byte of the body is read.
      return door.invoke({ ...call, operation, input: {}, body: null });
    }
    const permit = async () => {
      await door.invoke({ ...call, operation: SESSION_OPERATION, input: {}, body: null });
    };
    const content = await readContent({
      request,
      plan,
      budget,
      jsonLimitBytes: server.json_body_limit_bytes,
      idleMs: server.upload_idle_timeout_ms,
      spool: { folder: parts.spoolFolder, name: parts.ids.next(), permit },
    });
    try {
      const idempotencyKey = headerText(request.headers['idempotency-key']);
      return await door.invoke({ ...call, operation, idempotencyKey, ...content });
    } finally {
      await content.close();
    }
  }

  function addRoutes(): void {
    const operations = new Map(door.operations.map((operation) => [operation.name, operation]));
    const methodsAt = new Map<string, Set<string>>();
    const heads = new Set(parts.routes.filter((route) => route.method === 'HEAD').map((route) => route.path));
    for (const route of parts.routes) {
      const plan = planRoute(route, operations);
      const methods = methodsAt.get(plan.pattern) ?? new Set();
      methodsAt.set(plan.pattern, methods.add(route.method));
      // HEAD is GET without its body, except where a route says otherwise.
      const isHeadToo = route.method === 'GET' && !heads.has(route.path);
      if (isHeadToo) methods.add('HEAD');
      app.route({
        method: isHeadToo ? ['GET', 'HEAD'] : route.method,
        url: plan.pattern,
        handler: (request, reply) =>
          serve(request, reply, route.operation, (exchange) => invoke(plan, request, exchange)),
      });
    }
    for (const [url, methods] of methodsAt) {
      const others = METHODS.filter((method) => !methods.has(method));
      app.route({
        method: others,
        url,
        handler: (request, reply) => serve(request, reply, 'none', async () => otherMethod(request, methods)),
      });
    }
  }

  addRoutes();
  app.setNotFoundHandler((request, reply) =>
    serve(request, reply, 'none', async () => {
      throw routeNotFound();
    }),
  );
  app.setErrorHandler((error, request, reply) =>
    serve(request, reply, 'none', async () => {
      throw frameworkRefusal(error);
    }),
  );
  await app.ready();

  return {
    async listen(address) {
      await app.listen(address);
      const bound = app.server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
      const host = address.host.includes(':') ? `[${address.host}]` : address.host;
      return { url: `http://${host}:${port}`, port };
    },
    async close() {
      closing = true;
      const cut = () => {
        for (const exchange of inFlight) exchange.abort();
      };
      const patience = setTimeout(cut, server.shutdown_grace_ms);
      const end = setTimeout(
        () => app.server.closeAllConnections(),
        server.shutdown_grace_ms + ABORT_GRACE_MS,
      );
      try {
        await app.close();
      } finally {
        clearTimeout(patience);
        clearTimeout(end);
      }
    },
  };
}

/** What the limiter counts by: a digest, so that no key stays in memory, or the address of a caller without one. */
function subjectOf(apiKey: string | null, address: string): string {
  return apiKey === null ? `address ${address}` : sha256Hex(apiKey);
}

function otherMethod(request: FastifyRequest, methods: ReadonlySet<string>): Answer {
  if (request.method === 'OPTIONS' && request.headers.origin !== undefined) {
    return {
      kind: 'value',
      status: 204,
      headers: PREFLIGHT_HEADERS,
      value: null,
      replayed: false,
      identity: null,
    };
  }
  const allow = [...methods].sort();
  throw new LakeError(gatewayErrors.method_not_allowed, {
    detail: `${request.method} is not taken here; use ${allow.join(', ')}.`,
    data: { allow },
  });
}

function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '/').split('?', 1)[0] ?? '/';
}

function headerText(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function badUrl(): LakeError {
  return new LakeError(gatewayErrors.bad_url, {
    detail: 'The path holds an encoded slash, backslash or NUL, or is not well-formed.',
  });
}

function routeNotFound(): LakeError {
  return new LakeError(gatewayErrors.route_not_found, {
    detail: 'There is nothing at this address. GET /openapi.json lists every address.',
  });
}

function shuttingDown(): LakeError {
  return new LakeError(gatewayErrors.shutting_down, {
    detail: 'The server is shutting down and takes no new request.',
  });
}

/** The framework's own refusals, which come before any route's handler. */
function frameworkRefusal(error: unknown): unknown {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  if (status === 415) {
    return new LakeError(gatewayErrors.unsupported_body, { detail: 'The Content-Type is not well-formed.' });
  }
  return typeof status === 'number' && status < 500 ? badUrl() : error;
}
