import { LakeError } from '../../base/index.ts';
import { checkToml, describeProblem } from '../../config/index.ts';
import { accessErrors } from './errors.ts';
import { type PolicyDocument, policySchema } from './policy-document.ts';

/**
 * Reads a policy written as TOML. Throws `access.invalid_policy` that names each mistake with its line, its key and
 * what was probably meant.
 */
export function parsePolicyToml(text: string, fileName: string): PolicyDocument {
  const checked = checkToml(text, policySchema);
  if (checked.ok) return checked.value;
  throw new LakeError(accessErrors.invalid_policy, {
    detail: checked.problems.map((problem) => describeProblem(fileName, problem)).join('\n'),
    data: { problems: checked.problems },
  });
}
