import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Clock, type IdGenerator, LakeError, LiveList, type Logger } from '../base/index.ts';
import type { Answer, Call } from '../door/index.ts';
import { writeAnswer } from './answer-writer.ts';
import { gatewayErrors } from './errors.ts';
import { type Exchange, openExchange } from './exchange.ts';
import type { Metrics } from './metrics.ts';
import type { OriginGuard } from './origin-guard.ts';
import { asLakeError, toProblem } from './problem.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

export interface ExchangeServer {
  /**
   * Runs one request from the guard to the last byte of its answer. Never throws: every outcome is an answer, a problem
   * or a reset. Operation and door label the metrics.
   */
  serve(
    request: FastifyRequest,
    reply: FastifyReply,
    served: Served,
    answer: (exchange: Exchange) => Promise<Answer>,
  ): Promise<void>;
  /** New requests are refused from now on; those in flight go on. */
  stopTaking(): void;
  /** Cuts off what is still in flight. */
  abortAll(): void;
  /** Whether an answer is on its way over this connection, into which no other byte may go. */
  isAnsweringOn(connection: Duplex): boolean;
}

/** What an exchange is for. */
export interface Served {
  /** `none` where no route was found. */
  readonly operation: string;
  readonly door: Call['door'];
  /** Refusals also carry `error`, as clients of model providers read it. */
  readonly errorMember: boolean;
}

interface ExchangeServerParts {
  readonly guard: OriginGuard;
  readonly slowReaderMs: number;
  readonly log: Logger;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly metrics: Metrics;
}

/** How long the rest of a refused upload is read and dropped, so that its sender sees the refusal. */
const LINGER_MS = 5_000;

export function createExchangeServer(parts: ExchangeServerParts): ExchangeServer {
  const { guard, log, clock, ids, metrics } = parts;
  const inFlight = new LiveList<Exchange>();
  let stopped = false;

  async function deliver(
    request: FastifyRequest,
    reply: FastifyReply,
    exchange: Exchange,
    answer: (exchange: Exchange) => Promise<Answer>,
  ): Promise<void> {
    const response = reply.raw;
    setHeaders(reply, { ...SECURITY_HEADERS, 'x-request-id': exchange.requestId });
    setHeaders(reply, guard.check(request.headers));
    if (stopped) throw shuttingDown();
    await writeAnswer({
      response,
      answer: await answer(exchange),
      headOnly: request.method === 'HEAD',
      slowReaderMs: parts.slowReaderMs,
      onBreak: (error) => log.warn({ err: error, request_id: exchange.requestId }, 'answer cut off'),
    });
  }

  /** The one place that logs a defect, whichever room it is of: every request ends here. */
  function refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    exchange: Exchange,
    { operation, errorMember }: Served,
    error: unknown,
  ): void {
    const refusal = asLakeError(error);
    if (refusal.kind === 'internal') {
      const facts = { request_id: exchange.requestId, operation, code: refusal.code };
      log.error({ err: refusal.cause ?? refusal, ...facts }, 'a request failed by a defect');
    }
    const response = reply.raw;
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const problem = toProblem(refusal, exchange.requestId, { errorMember });
    const body = Buffer.from(JSON.stringify(problem.body));
    response.writeHead(problem.status, { ...problem.headers, 'content-length': String(body.length) });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  function settle(
    request: FastifyRequest,
    reply: FastifyReply,
    exchange: Exchange,
    { operation, door }: Served,
  ): void {
    const latencyMs = clock.monotonicMs() - exchange.startedMs;
    const status = reply.raw.statusCode;
    metrics.observeRequest({ operation, door, status, seconds: latencyMs / 1000 });
    const facts = { request_id: exchange.requestId, operation, status, latency_ms: Math.round(latencyMs) };
    log.debug(facts, 'request answered');
    dropRest(request);
  }

  return {
    async serve(request, reply, served, answer) {
      reply.hijack();
      const exchange = openExchange(request.raw, reply.raw, {
        nextId: () => ids.next(),
        nowMs: clock.monotonicMs(),
      });
      const place = inFlight.add(exchange);
      try {
        await deliver(request, reply, exchange, answer);
      } catch (error) {
        refuse(request, reply, exchange, served, error);
      } finally {
        place.remove();
        settle(request, reply, exchange, served);
        // A connection whose last answer ended during the shutdown is idle only now; kept, it would hold the shutdown up.
        if (stopped) request.raw.socket.end();
      }
    },
    stopTaking() {
      stopped = true;
    },
    abortAll() {
      for (const { member } of inFlight.places()) member.abort();
    },
    isAnsweringOn: (connection) => inFlight.places().some(({ member }) => member.hasBegunOn(connection)),
  };
}

/** Reads away what a refused upload still sends, for a while, so that the connection can be used again or closed in peace. */
function dropRest({ raw }: FastifyRequest): void {
  if (raw.complete || raw.destroyed) return;
  const timer = setTimeout(() => raw.destroy(), LINGER_MS);
  raw.once('close', () => clearTimeout(timer));
  raw.unpipe();
  raw.resume();
}

function setHeaders(reply: FastifyReply, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) reply.raw.setHeader(name, value);
}

function shuttingDown(): LakeError {
  return new LakeError(gatewayErrors.shutting_down, {
    detail: 'The server is shutting down and takes no new request.',
  });
}
