import { z } from 'zod';
import { permissionRule, readOperation } from '../../../govern/scope/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import { fullName } from '../planned-chat.ts';

const outputSchema = z.strictObject({
  catalogue: z.string().describe('Where windows and prices come from, and its hash.'),
  providers: z.array(
    z.strictObject({
      provider: z.string(),
      state: z.enum(['ok', 'degraded', 'failing']),
      open_breakers: z.array(z.string()),
      recent_failures: z.record(z.string(), z.int()),
      retries_left: z.number(),
    }),
  ),
});

/** `models.route.health`: how the providers do, by what calls met lately. */
export function routeHealth(parts: BridgeParts) {
  return readOperation<Record<string, never>, z.output<typeof outputSchema>, null>({
    name: 'models.route.health',
    summary: 'Health of model providers',
    description:
      'State, open breakers and recent failures of each configured provider. Asks none of them anything.',
    input: z.strictObject({}),
    output: outputSchema,
    access: permissionRule('metrics.read'),
    truth: { before: { none: 'Numbers only.' }, after: { none: 'Numbers only.' } },
    async run(scope) {
      scope.requirePermission('metrics.read');
      return {
        kind: 'value',
        value: {
          catalogue: parts.catalogue.origin,
          providers: parts.router.health().map((one) => ({
            provider: one.provider,
            state: one.state,
            open_breakers: one.openBreakers.map(fullName),
            recent_failures: { ...one.recentFailures },
            retries_left: one.retriesLeft,
          })),
        },
      };
    },
  });
}
