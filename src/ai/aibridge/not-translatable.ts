import { isLakeError, LakeError } from '../../base/index.ts';
import { modelsErrors } from './errors.ts';

/** The refusal of a request that a provider's protocol has no place for; another model of the route may take it. */
export function notTranslatable(
  reasons: readonly { readonly name: string; readonly why: string }[],
): LakeError {
  const told = reasons.map(({ name, why }) => `\`${name}\`: ${why}`).join('; ');
  return new LakeError(modelsErrors.not_translatable, {
    detail: `The request cannot be carried to the provider of this model: ${told}.`,
    data: { members: reasons.map(({ name }) => name) },
  });
}

export function isNotTranslatable(error: unknown): error is LakeError {
  return isLakeError(error) && error.code === modelsErrors.not_translatable.code;
}
