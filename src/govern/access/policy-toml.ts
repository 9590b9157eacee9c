import { LakeError } from '../../base/index.ts';
import { checkToml, describeProblem, type FileProblem } from '../../config/index.ts';
import { expressionPlace, parseExpressions } from './compiled-policy.ts';
import { accessErrors } from './errors.ts';
import type { ExpressionParser } from './expression-parser.ts';
import { type PolicyDocument, policySchema } from './policy-document.ts';

/**
 * Reads a policy written as TOML. Throws `access.invalid_policy` that names each mistake with its line, its key and
 * what was probably meant.
 */
export function parsePolicyToml(text: string, fileName: string): PolicyDocument {
  const checked = checkToml(text, policySchema);
  if (checked.ok) return checked.value;
  throw invalidFile(fileName, checked.problems);
}

/** Reads a policy as a start does, its SQL too, and puts nothing in force. Throws like `parsePolicyToml`. */
export async function checkPolicyToml(
  text: string,
  fileName: string,
  parser: ExpressionParser,
): Promise<void> {
  const checked = checkToml(text, policySchema);
  if (!checked.ok) throw invalidFile(fileName, checked.problems);
  const { problems: found } = await parseExpressions(checked.value, parser);
  if (found.length === 0) return;
  const problems = found.map(({ path, message, position }) => ({
    line: checked.lines.lineOf(path),
    key: expressionPlace(path),
    message: `${position === null ? '' : `Character ${position + 1}: `}${message}.`,
    suggestion: null,
  }));
  throw invalidFile(fileName, problems);
}

function invalidFile(fileName: string, problems: readonly FileProblem[]): LakeError {
  return new LakeError(accessErrors.invalid_policy, {
    detail: problems.map((problem) => describeProblem(fileName, problem)).join('\n'),
    data: { problems },
  });
}
