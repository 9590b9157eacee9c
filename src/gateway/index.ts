export type { Gateway, GatewayParts } from './gateway.ts';
export { createGateway } from './gateway.ts';
export type { MetricSource, Metrics } from './metrics.ts';
export { createMetrics } from './metrics.ts';
export type { ContractParts } from './openapi.ts';
export type { Health } from './operations/health.ts';
export { storeTotals } from './store-totals.ts';
export type { SystemParts } from './system.ts';
export { createSystem } from './system.ts';
