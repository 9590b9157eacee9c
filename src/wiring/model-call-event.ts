import type { NewEvent } from '../review/observer/index.ts';
import type { Telemetry } from '../telemetry/index.ts';

const SEVERITIES = { ok: 'info', partial: 'warn', failed: 'error' } as const;

/** A settled call of a model as the observer is told of it: numbers and names of the configuration, no prompt, no answer. */
export function modelCallEvent(call: Parameters<Telemetry['modelCalled']>[0]): NewEvent {
  const { status, model, errorClass } = call;
  return {
    source: 'models',
    kind: 'call',
    severity: SEVERITIES[status],
    message: errorClass === null ? `${model}: ${status}` : `${model}: ${status}, ${errorClass}`,
    externalId: call.spendId,
    correlationId: call.requestId,
    ...(status === 'failed' ? { signature: `models:${model}:${errorClass ?? 'failed'}`.slice(0, 256) } : {}),
    data: {
      operation: call.operation,
      identity: call.identity,
      provider: call.provider,
      model,
      task: call.task,
      rule: call.rule,
      status,
      error_class: errorClass,
      finish: call.finish,
      input_tokens: call.inputTokens,
      output_tokens: call.outputTokens,
      cost_nano_usd: call.costNanoUsd,
      latency_ms: call.latencyMs,
    },
  };
}
