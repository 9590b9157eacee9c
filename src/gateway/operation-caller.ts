import type { FastifyRequest } from 'fastify';
import type { Answer, Door } from '../door/index.ts';
import type { Exchange } from './exchange.ts';
import type { RequestIntake } from './request-intake.ts';
import type { RoutePlan } from './route-plan.ts';

/** Hands one HTTP request to the door as the call its route names. */
export type OperationCaller = (
  plan: RoutePlan,
  request: FastifyRequest,
  exchange: Exchange,
) => Promise<Answer>;

export function createOperationCaller(parts: { door: Door; intake: RequestIntake }): OperationCaller {
  const { door, intake } = parts;
  return async (plan, request, exchange) => {
    const isPublic = plan.operation.access.kind === 'public';
    const content = await intake.take({ request, exchange, plan, door: 'http', isPublic });
    try {
      const { credentials, requestId, signal } = exchange;
      const answer = await door.invoke({
        operation: plan.operation.name,
        door: 'http',
        requestId,
        credentials,
        signal,
        idempotencyKey: idempotencyKeyOf(request),
        input: content.input,
        body: content.body,
      });
      if (!isPublic) content.proved();
      return answer;
    } finally {
      await content.close();
    }
  };
}

function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' ? key : null;
}
