import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Numbers of one part of the system by name, read at each scrape: `{processes: 2, busy: 1}`. */
export type MetricSource = () => Promise<Readonly<Record<string, number>>> | Readonly<Record<string, number>>;

export interface Metrics {
  observeRequest(request: { operation: string; door: string; status: number; seconds: number }): void;
  /** One settled call of a model. By provider alone: a name of a model can be a caller's choice. */
  observeModelCall(call: SettledModelCall): void;
  /** The Prometheus text exposition. A source that fails is left out and counted, never a failed scrape. */
  render(): Promise<string>;
  readonly contentType: string;
}

export interface SettledModelCall {
  readonly provider: string;
  readonly status: 'ok' | 'partial' | 'failed';
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly costNanoUsd: number;
  readonly latencyMs: number;
  readonly firstTokenMs: number | null;
}

const LATENCY_BUCKETS_S = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/**
 * The numbers of this server. Each source named `engine` becomes gauges `lakehouse_engine_<name>`; values are totals
 * and sizes only, never a name a caller chose.
 */
export function createMetrics(sources: Readonly<Record<string, MetricSource>>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'lakehouse_' });
  const requests = new Counter({
    name: 'lakehouse_requests_total',
    help: 'Requests answered, by operation, door and status.',
    labelNames: ['operation', 'door', 'status'],
    registers: [registry],
  });
  const latency = new Histogram({
    name: 'lakehouse_request_seconds',
    help: 'Time from the request to the last byte of its answer.',
    labelNames: ['operation', 'door'],
    buckets: LATENCY_BUCKETS_S,
    registers: [registry],
  });
  const observeModelCall = modelCallNumbers(registry);
  const failures = new Counter({
    name: 'lakehouse_metric_source_failures_total',
    help: 'Scrapes in which a part of the system did not tell its numbers.',
    labelNames: ['source'],
    registers: [registry],
  });
  const gauges = new Map<string, Gauge>();
  const setGauge = (name: string, source: string, value: number) => {
    const gauge =
      gauges.get(name) ?? new Gauge({ name, help: `A number of the ${source}.`, registers: [registry] });
    gauges.set(name, gauge);
    gauge.set(value);
  };
  return {
    contentType: registry.contentType,
    observeRequest({ operation, door, status, seconds }) {
      requests.inc({ operation, door, status: String(status) });
      latency.observe({ operation, door }, seconds);
    },
    observeModelCall,
    async render() {
      for (const [source, read] of Object.entries(sources)) {
        try {
          const numbers = Object.entries(await read()).filter(([, value]) => Number.isFinite(value));
          for (const [name, value] of numbers) setGauge(metricName(source, name), source, value);
        } catch {
          failures.inc({ source });
        }
      }
      return registry.metrics();
    },
  };
}

/** Calls, tokens, dollars and times of models since the start; `/v1/usage` has them for longer and by more. */
function modelCallNumbers(registry: Registry): Metrics['observeModelCall'] {
  const registers = [registry];
  const calls = new Counter({
    name: 'lakehouse_model_calls_total',
    help: 'Settled calls of models, by provider and status.',
    labelNames: ['provider', 'status'],
    registers,
  });
  const tokens = new Counter({
    name: 'lakehouse_model_tokens_total',
    help: 'Tokens of settled calls; cached_input is part of input, reasoning of output.',
    labelNames: ['provider', 'kind'],
    registers,
  });
  const cost = new Counter({
    name: 'lakehouse_model_cost_usd_total',
    help: 'Dollars that settled calls were charged.',
    labelNames: ['provider'],
    registers,
  });
  const times = { labelNames: ['provider'], buckets: LATENCY_BUCKETS_S, registers };
  const latency = new Histogram({
    ...times,
    name: 'lakehouse_model_call_seconds',
    help: 'Time of a call, from its hold to its settlement.',
  });
  const firstToken = new Histogram({
    ...times,
    name: 'lakehouse_model_first_token_seconds',
    help: 'Time to the first event of a streamed answer.',
  });
  return (call) => {
    const { provider, status } = call;
    calls.inc({ provider, status });
    tokens.inc({ provider, kind: 'input' }, call.inputTokens);
    tokens.inc({ provider, kind: 'cached_input' }, call.cachedInputTokens);
    tokens.inc({ provider, kind: 'output' }, call.outputTokens);
    tokens.inc({ provider, kind: 'reasoning' }, call.reasoningTokens);
    cost.inc({ provider }, call.costNanoUsd / 1e9);
    latency.observe({ provider }, call.latencyMs / 1000);
    if (call.firstTokenMs !== null) firstToken.observe({ provider }, call.firstTokenMs / 1000);
  };
}

function metricName(source: string, name: string): string {
  const snake = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  return `lakehouse_${source}_${snake.replaceAll(/[^a-z0-9_]/g, '_')}`;
}
