import { type Attributes, type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { isUuid, sha256Hex } from '../base/index.ts';

/** One settled call of a model, as it is told to telemetry. Numbers and names of the configuration; no prompt, no answer. */
export interface ModelCall {
  readonly spendId: string;
  readonly requestId: string;
  readonly operation: string;
  /** `agent` or `agent for person`. */
  readonly identity: string;
  readonly role: string;
  readonly provider: string;
  /** The full name, `provider/model`. */
  readonly model: string;
  readonly task: string;
  readonly rule: string | null;
  readonly status: 'ok' | 'partial' | 'failed';
  readonly errorClass: string | null;
  readonly finish: string | null;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly costNanoUsd: number;
  readonly endedMs: number;
  readonly latencyMs: number;
  readonly firstTokenMs: number | null;
}

/**
 * The call as a span of OpenTelemetry's semantic conventions for generative AI (client spans, `gen_ai.*`). All calls of one
 * request share a trace, whose id is that of the request; Langfuse reads the same attributes at its OTLP address.
 */
export function modelCallSpan(call: ModelCall, resource: ReadableSpan['resource']): ReadableSpan {
  const spanContext = {
    traceId: traceIdOf(call.requestId),
    spanId: call.spendId.replaceAll('-', '').slice(-16),
    traceFlags: TraceFlags.SAMPLED,
  };
  const operation = call.operation === 'models.embeddings' ? 'embeddings' : 'chat';
  const failed = call.status !== 'ok';
  return {
    name: `${operation} ${modelName(call)}`,
    kind: SpanKind.CLIENT,
    spanContext: () => spanContext,
    startTime: hrTime(call.endedMs - call.latencyMs),
    endTime: hrTime(call.endedMs),
    duration: hrTime(call.latencyMs),
    status: failed
      ? { code: SpanStatusCode.ERROR, message: call.errorClass ?? call.status }
      : { code: SpanStatusCode.UNSET },
    attributes: attributesOf(call, operation),
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'lakehouse' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** What says whose spans these are. */
export function serviceResource(serviceName: string, version: string): ReadableSpan['resource'] {
  return resourceFromAttributes({ 'service.name': serviceName, 'service.version': version });
}

function attributesOf(call: ModelCall, operation: string): Attributes {
  return {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': call.provider,
    'gen_ai.request.model': modelName(call),
    'gen_ai.usage.input_tokens': call.inputTokens,
    'gen_ai.usage.cache_read.input_tokens': call.cachedInputTokens,
    'gen_ai.usage.output_tokens': call.outputTokens,
    ...(call.finish === null ? {} : { 'gen_ai.response.finish_reasons': [call.finish] }),
    ...(call.errorClass === null ? {} : { 'error.type': call.errorClass }),
    ...(call.firstTokenMs === null
      ? {}
      : { 'gen_ai.response.time_to_first_chunk': call.firstTokenMs / 1000 }),
    ...(call.rule === null ? {} : { 'lakehouse.rule': call.rule }),
    'gen_ai.usage.cost': call.costNanoUsd / 1e9,
    'lakehouse.request_id': call.requestId,
    'lakehouse.identity': call.identity,
    'lakehouse.role': call.role,
    'lakehouse.task': call.task,
    'lakehouse.status': call.status,
    'lakehouse.reasoning_tokens': call.reasoningTokens,
    'langfuse.trace.name': call.task,
    'langfuse.user.id': call.identity,
  };
}

function modelName({ provider, model }: ModelCall): string {
  return model.slice(provider.length + 1);
}

/** A request's own id where it is ours, else a digest of what the caller named. */
function traceIdOf(requestId: string): string {
  return isUuid(requestId) ? requestId.replaceAll('-', '') : sha256Hex(requestId).slice(0, 32);
}

function hrTime(timeMs: number): HrTime {
  const seconds = Math.floor(timeMs / 1000);
  return [seconds, Math.round((timeMs - seconds * 1000) * 1e6)];
}
