import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Credentials } from '../govern/access/index.ts';

/** One request and the place its answer goes to, with what is known before its route. */
export interface Exchange {
  readonly requestId: string;
  readonly credentials: Credentials;
  readonly startedMs: number;
  /** Aborted when the client leaves before its answer is complete, or when shutdown's patience ends. */
  readonly signal: AbortSignal;
  abort(): void;
  /** Whether part of the answer has left over this connection. */
  hasBegunOn(connection: Duplex): boolean;
}

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

export function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  parts: { nextId: () => string; nowMs: number },
): Exchange {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  const given = request.headers['x-request-id'];
  return {
    requestId: typeof given === 'string' && REQUEST_ID.test(given) ? given : parts.nextId(),
    credentials: credentialsOf(request.headers),
    startedMs: parts.nowMs,
    signal: controller.signal,
    abort: () => controller.abort(),
    hasBegunOn: (connection) => request.socket === connection && response.headersSent,
  };
}

/**
 * The key comes by `X-API-Key` or `Authorization: Bearer`; two different ones are none. A header `X-On-Behalf-Of` that
 * holds nothing is a token that does not verify: who meant to act for a person never acts with the agent's own rights.
 */
function credentialsOf(headers: IncomingHttpHeaders): Credentials {
  const direct = textOf(headers['x-api-key']);
  const bearer = /^bearer +([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
  const apiKey = direct !== null && bearer !== null && direct !== bearer ? null : (direct ?? bearer);
  return { apiKey, delegationToken: delegationOf(headers['x-on-behalf-of']) };
}

function delegationOf(value: string | readonly string[] | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : '';
}

function textOf(value: string | readonly string[] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
