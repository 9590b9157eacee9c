import type { UnnumberedFinding } from './finding.ts';

/** A comment `review-ok <rule-id>: reason`, which keeps the findings of one rule on its line and the next unreported. */
export interface Suppression {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly reason: string;
}

/** The id under which a comment that gives no reason, or suppresses nothing, is itself a finding. */
export const SUPPRESSION_RULE = 'idle-suppression';

/** The suppressions of a file, in the comments of any language that has `//`, `#`, `/*` or `<!--`. */
export function readSuppressions(path: string, text: string): readonly Suppression[] {
  if (!text.includes('review-ok')) return [];
  return text.split('\n').flatMap((line, index) => {
    // A comment of more than that is no suppression, and white space without end is no work for a pattern.
    const content = line.length > 2_000 ? '' : line;
    const match =
      /(?:^|\s)(?:\/\/|#|\/\*|<!--)\s*review-ok(?:\s+([a-z-]+))?(?:\s*:\s*(.*?))?\s*(?:\*\/|-->)?\s*$/.exec(
        content,
      );
    if (match === null) return [];
    return [{ path, line: index + 1, rule: match[1] ?? '', reason: match[2] ?? '' }];
  });
}

/**
 * Takes out what a comment with a reason suppresses. A comment without one suppresses nothing and is a finding; so is
 * one that nothing answers to, where every rule has run (`isWhole`).
 */
export function judgeSuppressions(
  found: readonly UnnumberedFinding[],
  suppressions: readonly Suppression[],
  isWhole: boolean,
): { readonly findings: readonly UnnumberedFinding[]; readonly suppressed: readonly UnnumberedFinding[] } {
  const used = new Set<Suppression>();
  const byPath = Map.groupBy(suppressions, ({ path }) => path);
  const [findings, suppressed]: [UnnumberedFinding[], UnnumberedFinding[]] = [[], []];
  for (const finding of found) {
    const by = (byPath.get(finding.path) ?? []).find(
      ({ rule, reason, line }) =>
        rule === finding.rule && reason !== '' && (line === finding.line || line === finding.line - 1),
    );
    if (by !== undefined) used.add(by);
    (by === undefined ? findings : suppressed).push(finding);
  }
  const complaints = suppressions.flatMap((one) => {
    const claim = complaintOf(one, used.has(one), isWhole);
    return claim === null ? [] : [complaint(one, claim)];
  });
  return { findings: [...findings, ...complaints], suppressed };
}

function complaintOf(one: Suppression, isUsed: boolean, isWhole: boolean): string | null {
  if (one.rule === '') return 'A suppression names no rule, so that it suppresses nothing.';
  if (one.reason === '')
    return `The suppression of \`${one.rule}\` gives no reason, so that it suppresses nothing.`;
  if (isUsed || !isWhole) return null;
  return `The suppression of \`${one.rule}\` has nothing to suppress.`;
}

function complaint({ path, line }: Suppression, claim: string): UnnumberedFinding {
  return {
    rule: SUPPRESSION_RULE,
    severity: 'warning',
    path,
    line,
    symbol: '',
    claim,
    remedy: 'Write `review-ok <rule-id>: reason`, or delete the comment.',
  };
}
