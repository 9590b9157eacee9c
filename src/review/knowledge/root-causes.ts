// Findings with one cause, by what they say: no model is asked. Two rules, so that no chain of likenesses joins
// everything: what a deterministic rule words alike has one cause wherever it is; what models say has one cause where
// it is said of one symbol, or in nearly the same words under the same rule.
import { sha256Hex } from '../../base/index.ts';
import { claimLikeness, normalisedClaim } from './finding-identity.ts';
import type { FindingLife } from './finding-life.ts';
import { FINDING_SEVERITIES } from './finding-row.ts';

/** Open findings that one change of mind would close. */
export interface RootCause {
  /** Stable while its gravest finding stands. */
  readonly cause_id: string;
  /** In the words of its gravest finding. */
  readonly title: string;
  readonly rule: string;
  readonly finding_ids: readonly string[];
  readonly paths: readonly string[];
}

const LIKE = 0.6;

/** The clusters, the one with the gravest and then the most findings first. */
export function rootCauses(findings: readonly FindingLife[]): readonly RootCause[] {
  const groups: FindingLife[][] = [];
  const byKey = new Map<string, FindingLife[]>();
  for (const finding of [...findings].sort(byGravity)) {
    const key = keyOf(finding);
    const known = byKey.get(key) ?? (finding.evidence === 'model' ? likeGroup(groups, finding) : undefined);
    const group = known ?? [];
    if (known === undefined) groups.push(group);
    byKey.set(key, group);
    group.push(finding);
  }
  return groups
    .sort((a, b) => byFirst(a, b) || b.length - a.length)
    .flatMap((group) => {
      const [gravest] = group;
      if (gravest === undefined) return [];
      return {
        cause_id: sha256Hex(`cause\n${gravest.finding_id}`).slice(0, 12),
        title: gravest.claim,
        rule: gravest.rule,
        finding_ids: group.map(({ finding_id: id }) => id),
        paths: [...new Set(group.map(({ path }) => path))].sort(),
      };
    });
}

/** From the gravest; equal ones by place, so that the order of rows does not matter. */
export function byGravity(a: FindingLife, b: FindingLife): number {
  return (
    rank(a) - rank(b) ||
    compare(a.path, b.path) ||
    (a.line ?? 0) - (b.line ?? 0) ||
    compare(a.finding_id, b.finding_id)
  );
}

function keyOf({ claim, evidence, finding_id: id, path, rule, symbol }: FindingLife): string {
  if (evidence !== 'model') return `rule\n${rule}\n${normalisedClaim(withoutNames(claim))}`;
  return symbol === '' ? `finding\n${id}` : `symbol\n${path}\n${symbol}`;
}

function likeGroup(groups: readonly FindingLife[][], finding: FindingLife): FindingLife[] | undefined {
  return groups.find(([first]) => {
    const isAlike = first?.evidence === 'model' && first.rule === finding.rule;
    return isAlike && claimLikeness(withoutNames(first.claim), withoutNames(finding.claim)) >= LIKE;
  });
}

/** A claim without what it names in code marks: the same defect of two functions is worded alike but for them. */
function withoutNames(claim: string): string {
  return claim.replaceAll(/`[^`]*`/g, '…');
}

function byFirst([a]: readonly FindingLife[], [b]: readonly FindingLife[]): number {
  return a === undefined || b === undefined ? 0 : rank(a) - rank(b);
}

function rank({ severity }: FindingLife): number {
  return FINDING_SEVERITIES.indexOf(severity);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
