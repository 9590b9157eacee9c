import { z } from 'zod';
import { nothingToJudge, permissionRule, readOperation } from '../../../govern/scope/index.ts';
import type { ObjectStore } from '../object-store.ts';

const input = z.strictObject({});
const output = z.strictObject({
  buckets: z.array(z.strictObject({ name: z.string(), type: z.literal('local'), default: z.boolean() })),
});

/** Names of the configured buckets; no folder of the machine is shown. */
export function listBuckets(store: ObjectStore) {
  return readOperation<z.infer<typeof input>, z.infer<typeof output>, null>({
    name: 'buckets.list',
    summary: 'List buckets',
    description: 'Lists the buckets of the configuration.',
    input,
    output,
    access: permissionRule('system.admin'),
    truth: nothingToJudge('A list of names makes no claim.'),
    async run(scope) {
      scope.requirePermission('system.admin');
      const buckets = store.buckets.names.map((name) => ({
        name,
        type: 'local' as const,
        default: name === store.buckets.defaultName,
      }));
      return { kind: 'value', value: { buckets } };
    },
  });
}
