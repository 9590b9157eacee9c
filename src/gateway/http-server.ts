import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyHttpOptions } from 'fastify';
import { type IdGenerator, LakeError } from '../base/index.ts';
import type { Config } from '../config/index.ts';
import { gatewayErrors } from './errors.ts';
import { toProblem } from './problem.ts';

const MAX_HEADER_BYTES = 32_768;
/** Longer than the idle time of usual proxies, so that they close first. */
const KEEP_ALIVE_MS = 72_000;
/** How often the time limits on headers and requests are looked at; they hold within this much. */
const CHECK_EVERY_MS = 1_000;

/** The limits of the HTTP server (F-10), and routing without Fastify's conveniences that would widen it. */
export function serverLimits(server: Config['server']) {
  return {
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    trustProxy: [...server.trusted_proxies],
    requestTimeout: server.request_timeout_ms,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: 4_096, ignoreTrailingSlash: false, caseSensitive: true },
    http: {
      headersTimeout: Math.min(server.headers_timeout_ms, server.request_timeout_ms),
      // Node holds the time for headers against its own of five minutes while the server is made.
      requestTimeout: server.request_timeout_ms,
      connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, server.headers_timeout_ms),
      maxHeaderSize: MAX_HEADER_BYTES,
    },
  } satisfies FastifyHttpOptions<Server>;
}

/**
 * Answers what is not an HTTP request, or did not arrive in time, and closes its connection. One over which an answer is on
 * its way is reset: its reader would take the refusal for a part of that answer.
 */
export function refuseBrokenRequest(
  ids: IdGenerator,
  isAnsweringOn: (connection: Socket) => boolean,
): (error: Error & { code?: string }, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable || isAnsweringOn(socket)) {
      socket.destroy();
      return;
    }
    const requestId = ids.next();
    const problem = toProblem(brokenRequest(error.code), requestId);
    const body = JSON.stringify(problem.body);
    const headers = {
      ...problem.headers,
      'x-request-id': requestId,
      'content-length': String(Buffer.byteLength(body)),
    };
    const lines = Object.entries({ ...headers, connection: 'close' }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    // Half-closing lets a client read this; one that does not leave is cut off with the socket's own buffers empty.
    socket.end(`HTTP/1.1 ${problem.status} Refused\r\n${lines.join('')}\r\n${body}`, () => socket.destroy());
  };
}

function brokenRequest(code: string | undefined): LakeError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new LakeError(gatewayErrors.headers_timeout, { detail: 'The request did not arrive in time.' });
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new LakeError(gatewayErrors.headers_too_large, {
      detail: `The headers are larger than ${MAX_HEADER_BYTES} bytes.`,
    });
  }
  return new LakeError(gatewayErrors.bad_request, { detail: 'This is not a well-formed HTTP/1.1 request.' });
}
