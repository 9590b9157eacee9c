import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Numbers of one part of the system by name, read at each scrape: `{processes: 2, busy: 1}`. */
export type MetricSource = () => Promise<Readonly<Record<string, number>>> | Readonly<Record<string, number>>;

export interface Metrics {
  observeRequest(request: { operation: string; door: string; status: number; seconds: number }): void;
  /** The Prometheus text exposition. A source that fails is left out and counted, never a failed scrape. */
  render(): Promise<string>;
  readonly contentType: string;
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

function metricName(source: string, name: string): string {
  const snake = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  return `lakehouse_${source}_${snake.replaceAll(/[^a-z0-9_]/g, '_')}`;
}
