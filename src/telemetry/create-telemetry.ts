import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import { LakeError } from '../base/index.ts';
import type { Config } from '../config/index.ts';
import { telemetryErrors } from './errors.ts';
import { type ModelCall, modelCallSpan, serviceResource } from './model-call-span.ts';

/** Where settled calls of models are told of; fire and forget. */
export interface Telemetry {
  /** Never throws and never waits: a collector that is down loses spans, not requests. */
  modelCalled(call: ModelCall): void;
  /** Sends what is still queued, for a moment. */
  close(): Promise<void>;
}

/** Spans that wait for the collector at most; more are dropped. */
const QUEUE_LENGTH = 8_192;
const EXPORT_EVERY_MS = 2_000;
const EXPORT_TIMEOUT_MS = 5_000;

/**
 * Exports spans by OTLP over HTTP where an address is configured, and nothing where none is. Throws
 * `telemetry.misconfigured` for a header variable that is named and not there.
 */
export function createTelemetry(parts: {
  readonly config: Config['telemetry'];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}): Telemetry {
  const { otlp_traces_url: url, service_name: serviceName } = parts.config;
  if (url === '') return { modelCalled() {}, async close() {} };
  const exporter = new OTLPTraceExporter({
    url,
    headers: headersOf(parts),
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: QUEUE_LENGTH,
    scheduledDelayMillis: EXPORT_EVERY_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const resource = serviceResource(serviceName, parts.version);
  return {
    modelCalled: (call) => processor.onEnd(modelCallSpan(call, resource)),
    async close() {
      // What cannot be sent now is lost: the server does not stay for its collector.
      await processor.shutdown().catch(() => undefined);
    },
  };
}

/** `name=value` pairs between commas, as OTEL_EXPORTER_OTLP_HEADERS has them. */
function headersOf(parts: Parameters<typeof createTelemetry>[0]): Record<string, string> {
  const variable = parts.config.headers_env;
  if (variable === '') return {};
  const text = parts.environment[variable];
  if (text === undefined || text === '') {
    throw new LakeError(telemetryErrors.misconfigured, {
      detail: `telemetry.headers_env names the variable ${variable}, which is not there or empty.`,
    });
  }
  return Object.fromEntries(
    text.split(',').map((pair): [string, string] => {
      const at = pair.indexOf('=');
      if (at > 0) return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())];
      throw new LakeError(telemetryErrors.misconfigured, {
        detail: `The variable ${variable} of telemetry.headers_env does not hold name=value pairs between commas.`,
      });
    }),
  );
}
