import { z } from 'zod';
import { readOperation } from '../../../govern/scope/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import { shownModel, shownModelSchema } from './shown-model.ts';

const outputSchema = z.strictObject({ object: z.literal('list'), data: z.array(shownModelSchema) });

/** `models.list`: the models of the configured providers that the caller may use. */
export function listModels(parts: BridgeParts) {
  return readOperation<Record<string, never>, z.output<typeof outputSchema>, undefined>({
    name: 'models.list',
    summary: 'List models',
    description:
      'Models of the configured providers that your role is granted, with windows and capabilities. A service of your own ' +
      'that the catalogue does not know is asked what it has.',
    input: z.strictObject({}),
    output: outputSchema,
    access: { kind: 'authenticated', reason: 'Lists only the models that the caller is granted.' },
    truth: {
      before: { none: 'A list of names makes no claim.' },
      after: { none: 'A list of names makes no claim.' },
    },
    async run(scope) {
      const models = (await parts.served.list(scope.log)).filter((one) => scope.mayUseModel(one.fullName));
      return { kind: 'value', value: { object: 'list', data: models.map(shownModel) } };
    },
  });
}
