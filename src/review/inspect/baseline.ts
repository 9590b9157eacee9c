import { isJsonObject, type JsonValue, LakeError } from '../../base/index.ts';
import { reviewErrors } from './errors.ts';
import type { Finding } from './finding.ts';

const FORMAT = 'lakehouse-review-baseline/1';

/** The text of a baseline: the findings that are known, one a line, so that a change of it can be reviewed. */
export function baselineText(findings: readonly Finding[]): string {
  const known = findings
    .map(({ id, rule, path, claim }) => JSON.stringify({ id, rule, path, claim }))
    .sort()
    .map((line) => `    ${line}`);
  return `{\n  "format": "${FORMAT}",\n  "findings": [\n${known.join(',\n')}\n  ]\n}\n`;
}

/** The ids a baseline knows. Throws `review.invalid_baseline`. */
export function baselineIds(text: string): ReadonlySet<string> {
  let baseline: JsonValue = null;
  try {
    baseline = JSON.parse(text);
  } catch (error) {
    throw invalid('It is no JSON.', error);
  }
  if (!isJsonObject(baseline) || baseline.format !== FORMAT) throw invalid(`Its format is not ${FORMAT}.`);
  const findings: JsonValue = baseline.findings ?? null;
  if (!Array.isArray(findings)) throw invalid('It has no list of findings.');
  return new Set(
    findings.map((one: JsonValue) => {
      if (!isJsonObject(one) || typeof one.id !== 'string') throw invalid('A finding of it has no id.');
      return one.id;
    }),
  );
}

function invalid(detail: string, cause?: unknown): LakeError {
  return new LakeError(reviewErrors.invalid_baseline, { detail, ...(cause === undefined ? {} : { cause }) });
}
