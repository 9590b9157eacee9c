import type { ModelCallRow } from '../../metastore/tables/budget.ts';
import type { SpendOutcome, SpendPlan } from '../scope/index.ts';

/** A call as its record tells of it. */
export interface SettledCall {
  readonly spendId: string;
  readonly requestId: string;
  /** `agent` or `agent for person`. */
  readonly identity: string;
  readonly role: string;
  readonly plan: SpendPlan;
  readonly timeMs: number;
}

export function callRow(
  call: SettledCall,
  outcome: Omit<SpendOutcome, 'status'> & { readonly status: ModelCallRow['status'] },
): ModelCallRow {
  const { plan } = call;
  return {
    spend_id: call.spendId,
    request_id: call.requestId,
    time_ms: Math.floor(call.timeMs),
    identity: call.identity,
    role: call.role,
    provider: plan.provider,
    model: plan.model,
    task: plan.task,
    rule: plan.rule,
    status: outcome.status,
    error_class: outcome.errorClass,
    finish: outcome.finish,
    cost_nano_usd: outcome.costNanoUsd,
    held_nano_usd: plan.costNanoUsd,
    input_tokens: outcome.inputTokens,
    cached_input_tokens: outcome.cachedInputTokens,
    cache_write_tokens: outcome.cacheWriteTokens,
    output_tokens: outcome.outputTokens,
    reasoning_tokens: outcome.reasoningTokens,
    latency_ms: outcome.latencyMs,
    first_token_ms: outcome.firstTokenMs,
  };
}
