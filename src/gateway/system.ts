import type { AnyOperation, HttpRoute } from '../govern/scope/index.ts';
import type { Metrics } from './metrics.ts';
import type { ContractParts } from './openapi.ts';
import { contractOperation } from './operations/contract.ts';
import { type Health, healthOperations } from './operations/health.ts';
import { metricsOperation } from './operations/metrics.ts';
import { sessionOperation } from './operations/session.ts';
import { systemRoutes } from './routes.ts';

export interface SystemParts {
  readonly version: string;
  readonly health: Health;
  readonly metrics: Metrics;
  /** The whole registry, asked for at the first request: this room's operations are part of it. */
  readonly contract: () => Omit<ContractParts, 'version'>;
}

/** The operations about the server itself: health, readiness, contract, metrics, session. They go through the door too. */
export function createSystem(parts: SystemParts): {
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
} {
  return {
    operations: [
      ...healthOperations(parts),
      contractOperation(() => ({ ...parts.contract(), version: parts.version })),
      metricsOperation(parts.metrics),
      sessionOperation(),
    ],
    routes: systemRoutes,
  };
}
