import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import { readOperation } from '../../../govern/scope/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import { modelsErrors } from '../errors.ts';
import { type ShownModel, shownModel, shownModelSchema } from './shown-model.ts';

const inputSchema = z.strictObject({
  model: z.string().min(1).max(256).describe('`provider/model`, or a name that routing.toml routes to one.'),
});

/** `models.get`: one model, by any name that a chat takes for it. */
export function getModel(parts: BridgeParts) {
  return readOperation<z.output<typeof inputSchema>, ShownModel, undefined>({
    name: 'models.get',
    summary: 'Get a model',
    description:
      'One model that your role is granted. One that is not granted answers as one that does not exist.',
    input: inputSchema,
    output: shownModelSchema,
    access: { kind: 'authenticated', reason: 'Shows a model only where the caller is granted it.' },
    truth: {
      before: { none: 'A name makes no claim.' },
      after: { none: 'A name makes no claim.' },
    },
    async run(scope, { model: name }) {
      const model = await parts.served.find(name, scope.log);
      if (model !== null && scope.mayUseModel(model.fullName))
        return { kind: 'value', value: shownModel(model) };
      throw new LakeError(modelsErrors.unknown_model, {
        detail: `There is no model "${name.slice(0, 100)}" that you may use. GET /v1/models lists yours.`,
      });
    },
  });
}
