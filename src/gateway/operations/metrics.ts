import { z } from 'zod';
import {
  type AnyOperation,
  nothingToJudge,
  permissionRule,
  readOperation,
} from '../../govern/scope/index.ts';
import type { Metrics } from '../metrics.ts';

/** `system.metrics`: the Prometheus exposition, for keys with the permission `metrics.read`. */
export function metricsOperation(metrics: Metrics): AnyOperation {
  return readOperation({
    name: 'system.metrics',
    summary: 'Numbers of this server for Prometheus',
    description:
      'Requests and latency by operation, engine processes, store and journal; no name a caller chose.',
    input: z.strictObject({}),
    output: z.null(),
    access: permissionRule('metrics.read'),
    truth: nothingToJudge('numbers only'),
    async run(scope) {
      scope.requirePermission('metrics.read');
      const text = Buffer.from(await metrics.render());
      return {
        kind: 'stream',
        contentType: metrics.contentType,
        chunks: one(text),
        rowCount: () => 0,
      };
    },
  });
}

async function* one(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
