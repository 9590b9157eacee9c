import type { FastifyRequest } from 'fastify';
import { type IdGenerator, LakeError, sha256Hex } from '../base/index.ts';
import type { Config } from '../config/index.ts';
import type { Answer, Door } from '../door/index.ts';
import { createBodyBudget } from './body-budget.ts';
import { gatewayErrors } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { SESSION_OPERATION } from './operations/session.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { type RequestContent, readContent } from './request-content.ts';
import type { RoutePlan } from './route-plan.ts';

/** Hands one HTTP request to the door as the call its route names. */
export type OperationCaller = (
  plan: RoutePlan,
  request: FastifyRequest,
  exchange: Exchange,
) => Promise<Answer>;

export interface OperationCallerParts {
  readonly door: Door;
  readonly config: Pick<Config, 'server' | 'auth'>;
  readonly ids: IdGenerator;
  readonly limiter: RateLimiter;
  readonly spoolFolder: string;
}

/** JSON bodies being read at once, together. */
const BODY_BUDGET_BYTES = 268_435_456;

export function createOperationCaller(parts: OperationCallerParts): OperationCaller {
  const { door, limiter, ids } = parts;
  const { server, auth } = parts.config;
  const budget = createBodyBudget(BODY_BUDGET_BYTES);

  return async (plan, request, exchange) => {
    const { credentials, requestId, signal } = exchange;
    const base = { door: 'http', requestId, credentials, signal, idempotencyKey: null } as const;
    const operation = plan.operation.name;
    const isPublic = plan.operation.access.kind === 'public';
    if (!isPublic) limiter.take(subjectOf(credentials.apiKey, request.ip));
    if (!isPublic && auth.enabled && credentials.apiKey === null) {
      // No key: the refusal is known before a byte of the body is read.
      return door.invoke({ ...base, operation, input: {}, body: null });
    }
    const prove = async () => {
      if (!isPublic) await door.invoke({ ...base, operation: SESSION_OPERATION, input: {}, body: null });
    };
    const content = await read(plan, request, prove);
    try {
      const idempotencyKey = idempotencyKeyOf(request);
      return await door.invoke({
        ...base,
        operation,
        idempotencyKey,
        input: content.input,
        body: content.body,
      });
    } finally {
      await content.close();
    }
  };

  /** What is wrong with a request is told only to callers with a valid key: identity comes first (G-3). */
  async function read(
    plan: RoutePlan,
    request: FastifyRequest,
    prove: () => Promise<void>,
  ): Promise<RequestContent> {
    try {
      if (/%(?:2f|5c|00)/i.test(pathOf(request))) throw encodedSlash();
      return await readContent({
        request,
        plan,
        budget,
        jsonLimitBytes: server.json_body_limit_bytes,
        idleMs: server.upload_idle_timeout_ms,
        spool: { folder: parts.spoolFolder, name: ids.next(), permit: prove },
      });
    } catch (error) {
      await prove();
      throw error;
    }
  }
}

/** What the limiter counts by: a digest, so that no key stays in memory, or the address of a caller without one. */
function subjectOf(apiKey: string | null, address: string): string {
  return apiKey === null ? `address ${address}` : sha256Hex(apiKey);
}

function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' ? key : null;
}

function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '/').split('?', 1)[0] ?? '/';
}

function encodedSlash(): LakeError {
  return new LakeError(gatewayErrors.bad_url, {
    detail: 'The path holds an encoded slash, backslash or NUL. Write slashes as they are.',
  });
}
