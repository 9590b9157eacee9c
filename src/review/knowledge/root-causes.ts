// Findings with one cause, by what they say: no model is asked. Two rules, so that no chain of likenesses joins
// everything: what a deterministic rule words alike has one cause wherever it is; what models say has one cause where
// it is said of one symbol, or in nearly the same words under the same rule.
import { compareTexts, sha256Hex } from '../../base/index.ts';
import { claimWords, normalisedClaim } from './finding-identity.ts';
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
  const alike = new LikeClaims();
  for (const finding of [...findings].sort(byGravity)) {
    const key = keyOf(finding);
    const group = byKey.get(key) ?? (finding.evidence === 'model' ? alike.groupOf(finding) : null) ?? [];
    if (group.length === 0) {
      groups.push(group);
      if (finding.evidence === 'model') alike.add(finding, group);
    }
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
    compareTexts(a.path, b.path) ||
    (a.line ?? 0) - (b.line ?? 0) ||
    compareTexts(a.finding_id, b.finding_id)
  );
}

function keyOf({ claim, evidence, finding_id: id, path, rule, symbol }: FindingLife): string {
  if (evidence !== 'model') return `rule\n${rule}\n${normalisedClaim(withoutNames(claim))}`;
  return symbol === '' ? `finding\n${id}` : `symbol\n${path}\n${symbol}`;
}

/**
 * Groups by the words of their first finding. Words lead to groups, so that a claim is compared with those that share
 * one and the work does not grow with the square of all findings.
 */
class LikeClaims {
  readonly #byWord = new Map<string, { readonly group: FindingLife[]; readonly size: number }[]>();

  add(first: FindingLife, group: FindingLife[]): void {
    const words = wordsOf(first);
    const entry = { group, size: words.size };
    for (const word of words) {
      const known = this.#byWord.get(word);
      if (known === undefined) this.#byWord.set(word, [entry]);
      else known.push(entry);
    }
  }

  /** The first group whose words are nearly those of the finding. */
  groupOf(finding: FindingLife): FindingLife[] | null {
    const words = wordsOf(finding);
    const shared = new Map<{ readonly group: FindingLife[]; readonly size: number }, number>();
    for (const word of words)
      for (const entry of this.#byWord.get(word) ?? []) shared.set(entry, (shared.get(entry) ?? 0) + 1);
    for (const [{ group, size }, count] of shared)
      if (count / (words.size + size - count) >= LIKE) return group;
    return null;
  }
}

/** Under its rule: the same words about another kind of defect are another cause. */
function wordsOf({ claim, rule }: FindingLife): ReadonlySet<string> {
  return new Set([...claimWords(withoutNames(claim))].map((word) => `${rule}\n${word}`));
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
