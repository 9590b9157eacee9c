import { compareTexts, sha256Hex } from '../../base/index.ts';

export const SEVERITIES = ['error', 'warning', 'note'] as const;
/** How much a finding weighs: enforcement that does not happen, a likely defect, or something to look at. */
export type Severity = (typeof SEVERITIES)[number];

/** One defect that a rule claims, with the place that proves it. */
export interface Finding {
  /** Stable while the code moves: made of rule, enclosing symbol and claim, never of a line. */
  readonly id: string;
  readonly rule: string;
  readonly severity: Severity;
  /** From the folder that was read, with forward slashes: the top of the repository where one holds the reviewed folder. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** The functions and classes around the place, outermost first, joined by dots; empty at the top of a file. */
  readonly symbol: string;
  /** One sentence that a reader can check. */
  readonly claim: string;
  /** What to do about it. */
  readonly remedy: string;
}

export type UnnumberedFinding = Omit<Finding, 'id'>;

/**
 * Findings with their ids. Equal rule, symbol and claim, as in two copies of one file, are told apart by their order
 * of path and line.
 */
export function withIds(findings: readonly UnnumberedFinding[]): readonly Finding[] {
  const seen = new Map<string, number>();
  return [...findings].sort(byPlace).map((finding) => {
    const symbol = finding.symbol === '' ? finding.path : finding.symbol;
    const key = `${finding.rule}\n${symbol}\n${normalised(finding.claim)}`;
    const occurrence = (seen.get(key) ?? 0) + 1;
    seen.set(key, occurrence);
    const id = sha256Hex(occurrence === 1 ? key : `${key}\n${occurrence}`).slice(0, 16);
    return { id, ...finding };
  });
}

/** The most important first: by severity, then by place. */
export function byImportance(a: Finding, b: Finding): number {
  return SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || byPlace(a, b);
}

function byPlace(a: UnnumberedFinding, b: UnnumberedFinding): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  if (a.line !== b.line) return a.line - b.line;
  return a.rule === b.rule ? compareTexts(a.claim, b.claim) : compareTexts(a.rule, b.rule);
}

/** The claim without what changes when code moves: numbers and white space. */
function normalised(claim: string): string {
  return claim.replaceAll(/\d+/g, '#').replaceAll(/\s+/g, ' ').trim();
}
