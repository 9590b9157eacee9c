import type { FastifyRequest } from 'fastify';
import { type IdGenerator, LakeError, sha256Hex } from '../base/index.ts';
import type { Config } from '../config/index.ts';
import type { Call, Door } from '../door/index.ts';
import { createBodyBudget } from './body-budget.ts';
import { gatewayErrors } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { SESSION_OPERATION } from './operations/session.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { type RequestContent, readContent } from './request-content.ts';
import type { ContentPlan } from './route-plan.ts';

/** What every request passes before the door is asked for its operation: the rate, a key, its body within limits. */
export interface RequestIntake {
  /** The content of the request, or its refusal. The caller closes what it got. */
  take(asked: IntakeRequest): Promise<TakenContent>;
}

export interface TakenContent extends RequestContent {
  /** Told when the door has answered: the caller's key is a real one. */
  proved(): void;
}

export interface IntakeRequest {
  readonly request: FastifyRequest;
  readonly exchange: Exchange;
  readonly plan: ContentPlan;
  readonly door: Call['door'];
  /** Answers anyone: no key is asked for and no rate is counted. */
  readonly isPublic: boolean;
}

export interface IntakeParts {
  readonly door: Door;
  readonly config: Pick<Config, 'server' | 'auth'>;
  readonly ids: IdGenerator;
  readonly limiter: RateLimiter;
  readonly spoolFolder: string;
}

/** JSON bodies being read at once, together. */
const BODY_BUDGET_BYTES = 268_435_456;

export function createRequestIntake(parts: IntakeParts): RequestIntake {
  const { door, limiter, ids } = parts;
  const { server, auth } = parts.config;
  const budget = createBodyBudget(BODY_BUDGET_BYTES);

  return {
    async take({ request, exchange, plan, door: name, isPublic }) {
      const { credentials, requestId, signal } = exchange;
      const call = { door: name, requestId, credentials, signal, idempotencyKey: null, body: null } as const;
      const prove = async () => {
        if (!isPublic) await door.invoke({ ...call, operation: SESSION_OPERATION, input: {} });
      };
      const subject = subjectOf(credentials.apiKey, request.ip);
      if (!isPublic) limiter.take(subject);
      // No key: the refusal is known before a byte of the body is read.
      if (auth.enabled && credentials.apiKey === null) await prove();
      try {
        const refused = plan.route.encodedSlashes === true ? /%(?:5c|00)/i : /%(?:2f|5c|00)/i;
        if (refused.test(pathOf(request))) throw encodedSlash();
        const content = await readContent({
          request,
          plan,
          budget,
          jsonLimitBytes: server.json_body_limit_bytes,
          idleMs: server.upload_idle_timeout_ms,
          spool: { folder: parts.spoolFolder, newName: () => ids.next() },
          permit: prove,
        });
        return { ...content, proved: () => limiter.proved(subject) };
      } catch (error) {
        // What is wrong with a request is told only to callers with a valid key: identity comes first (G-3).
        await prove();
        throw error;
      }
    },
  };
}

/** What the limiter counts by: a digest, so that no key stays in memory, or the address of a caller without one. */
function subjectOf(apiKey: string | null, address: string): string {
  return apiKey === null ? `address ${address}` : sha256Hex(apiKey);
}

function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '/').split('?', 1)[0] ?? '/';
}

function encodedSlash(): LakeError {
  return new LakeError(gatewayErrors.bad_url, {
    detail: 'The path holds an encoded slash, backslash or NUL. Write slashes as they are.',
  });
}
