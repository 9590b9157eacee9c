import type { EvidenceTier, FindingSeverity } from './finding-row.ts';

/** What proves a finding gone, and whether it does in this iteration; null where it did not run. */
export interface FindingCheck {
  readonly kind: 'rule' | 'test';
  readonly name: string;
  readonly passes: boolean | null;
}

/** A finding as a model or a rule told it in one iteration. */
export interface ReportedFinding {
  readonly path: string;
  readonly rule: string;
  readonly symbol: string;
  readonly claim: string;
  readonly severity: FindingSeverity;
  readonly line: number | null;
  readonly found_by: string;
  readonly evidence: EvidenceTier;
  readonly anchor_hash: string | null;
  readonly check: FindingCheck | null;
}

/** Where the code of an earlier open finding stands in this iteration: the earlier hash where it stands unchanged. */
export interface SeenAnchor {
  readonly finding_id: string;
  readonly anchor_hash: string | null;
  readonly check: FindingCheck | null;
}

/** What one iteration found, before it is compared with those before it. */
export interface IterationReading {
  readonly repository: string;
  readonly commit: string;
  readonly iteration_id: string;
  readonly iteration: number;
  /** Files with a verdict: the silence of a model that gave none says nothing. */
  readonly judgedPaths: readonly string[];
  readonly reported: readonly ReportedFinding[];
  /**
   * Of every earlier open finding of a file of this iteration; of a file that is gone, where the same code stands in
   * another.
   */
  readonly anchors: readonly SeenAnchor[];
  /** Files that the commit no longer holds. */
  readonly gonePaths: readonly string[];
}
