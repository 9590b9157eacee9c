import type { IncomingHttpHeaders } from 'node:http';
import { LakeError } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';

export interface OriginGuard {
  /**
   * Refuses requests that a web page of another site may have made a browser send (K-13): a Host that is not ours
   * (DNS rebinding), an Origin or a fetch site that is not allowed. Programs send neither Origin nor Sec-Fetch-Site.
   * Returns the CORS headers of the answer: none, except for an origin in `allowedOrigins`.
   */
  check(headers: IncomingHttpHeaders): Readonly<Record<string, string>>;
}

export function createOriginGuard(parts: {
  allowedHosts: readonly string[];
  allowedOrigins: readonly string[];
}): OriginGuard {
  const hosts = new Set(parts.allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(parts.allowedOrigins.map((origin) => origin.toLowerCase()));
  return {
    check(headers) {
      const host = headers.host?.toLowerCase() ?? '';
      if (!hosts.has(host) && !hosts.has(hostName(host))) throw hostRefused();
      const origin = headers.origin?.toLowerCase();
      if (origin !== undefined && origins.has(origin)) return corsHeaders(headers.origin ?? '');
      if (origin !== undefined && !isOwnOrigin(origin, host)) throw originRefused();
      const site = headers['sec-fetch-site'];
      if (site === 'cross-site' || site === 'same-site') throw originRefused();
      return {};
    },
  };
}

/** What a preflight for an allowed origin is answered with, beside the headers `check` returned. */
export const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-methods': 'GET, HEAD, PUT, POST, PATCH, DELETE',
  'access-control-allow-headers':
    'x-api-key, authorization, content-type, accept, idempotency-key, if-match, if-none-match, range, x-on-behalf-of, x-request-id, mcp-protocol-version',
  'access-control-max-age': '600',
};

/** `[::1]:8080` → `[::1]`, `localhost:8080` → `localhost`; anything unusual stays as it is and matches nothing. */
function hostName(host: string): string {
  return /^(\[[0-9a-f:.]+\]|[^:@/[\]]+)(?::\d{1,5})?$/.exec(host)?.[1] ?? host;
}

function isOwnOrigin(origin: string, host: string): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}

function corsHeaders(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'x-request-id, etag, retry-after',
    vary: 'Origin',
  };
}

function hostRefused(): LakeError {
  return new LakeError(gatewayErrors.host_not_allowed, {
    detail: 'This server does not answer to that Host. Use a name listed in server.allowed_hosts.',
  });
}

function originRefused(): LakeError {
  return new LakeError(gatewayErrors.origin_not_allowed, {
    detail: 'Requests that a web page of another site sends are refused. See server.allowed_origins.',
  });
}
