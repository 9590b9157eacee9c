import type { ScrumFileRow, ScrumIterationRow } from '../../metastore/tables/scrum.ts';
import { anchoredCode } from '../inspect/index.ts';
import {
  type FindingRow,
  findingRowsOf,
  type PermissionOverride,
  type ReportedFinding,
  type SeenAnchor,
} from '../knowledge/index.ts';
import type { FileInput } from './file-schema.ts';
import { type FileReading, findingPlace } from './iteration-records.ts';
import type { BlindAnswer } from './model-answer/answer-schema.ts';
import type { BlindReading } from './review-passes.ts';
import { blindFile, type ShownFile } from './reviewed-text/shown-file.ts';

/** What is known of a file before it is read. */
export interface FileToReview {
  readonly iteration: ScrumIterationRow;
  readonly declared: ScrumFileRow;
  readonly input: FileInput;
  /** Rows of `kb.findings` of this file, from the iterations this one is compared with. */
  readonly history: readonly FindingRow[];
  readonly overrides: readonly PermissionOverride[];
}

/** The rule by which words to a reviewer are reported. */
const INJECTION_RULE = 'scrum/prompt-injection';
const INJECTION_CLAIM = 'Text here addresses whoever reviews the file.';
/** What the accepted reading claims of the file. */
export function toldFindings(
  path: string,
  shown: ShownFile,
  { accepted }: BlindReading,
): readonly ReportedFinding[] {
  const code = anchoredCode(path, shown.whole);
  const { critical_failures: failures, missing_components: missing } = accepted.answer;
  const report = (
    { kind, symbol, line, claim }: BlindAnswer['missing_components'][number],
    severity: ReportedFinding['severity'],
  ): ReportedFinding => ({
    path,
    rule: `scrum/${kind}`,
    symbol: symbol ?? '',
    claim,
    severity,
    line: line ?? null,
    found_by: accepted.model,
    evidence: 'model',
    anchor_hash: line === null || line === undefined ? null : code.anchorOf({ symbol: symbol ?? '', line }),
    check: null,
  });
  return [...failures.map((one) => report(one, 'critical')), ...missing.map((one) => report(one, 'warning'))];
}

/** What the rules see in a file whose reading was kept from an earlier iteration; asks no model. */
export async function seenAgain(file: FileToReview): Promise<Pick<FileReading, 'seen' | 'anchors'>> {
  return seenFindings(file.input, await blindFile(file.input), file.history);
}

/** Evidence of the caller's deterministic reviewers, and words to a reviewer that were taken out here. */
export function seenFindings(
  input: FileInput,
  shown: ShownFile,
  history: readonly FindingRow[],
): Pick<FileReading, 'seen' | 'anchors'> {
  const { path } = input;
  const code = anchoredCode(path, shown.whole);
  const evidenceIds = new Set(input.evidence.map(({ id }) => id));
  const reported = input.evidence.map((one): ReportedFinding => {
    const anchor = input.anchors.find(({ finding_id: id }) => id === one.id);
    const { rule, symbol, claim, severity, line } = one;
    return {
      ...{ path, rule, symbol, claim, severity, line },
      found_by: rule,
      evidence: 'static',
      anchor_hash: anchor?.anchor_sha256 ?? code.anchorOf({ symbol, line }),
      check: anchor?.check ?? { kind: 'rule', name: rule, passes: false },
    };
  });
  const injections = shown.addressed.map(
    (line): ReportedFinding => ({
      ...{ path, rule: INJECTION_RULE, symbol: '', claim: INJECTION_CLAIM, severity: 'error', line },
      found_by: INJECTION_RULE,
      evidence: 'static',
      anchor_hash: code.anchorOf({ symbol: '', line }),
      check: { kind: 'rule', name: INJECTION_RULE, passes: false },
    }),
  );
  // Whether words to a reviewer stand in the file is known here and not to the caller.
  const ours = new Set(history.flatMap((row) => (row.rule === INJECTION_RULE ? [row.finding_id] : [])));
  const anchors = input.anchors
    .filter(({ finding_id: id }) => !evidenceIds.has(id))
    .map(
      ({ finding_id: id, anchor_sha256: hash, check }): SeenAnchor => ({
        finding_id: id,
        anchor_hash: hash,
        check: ours.has(id) ? { kind: 'rule', name: INJECTION_RULE, passes: injections.length === 0 } : check,
      }),
    );
  return { seen: [...reported, ...injections], anchors };
}

/** The findings of this file alone; the iteration as a whole is compared when it is published. */
export function findingsOf(
  { iteration, input, history }: FileToReview,
  read: Pick<FileReading, 'told' | 'seen' | 'anchors'> & { readonly isJudged: boolean },
): readonly FindingRow[] {
  return findingRowsOf(
    {
      ...findingPlace(iteration),
      judgedPaths: read.isJudged ? [input.path] : [],
      reported: [...read.told, ...read.seen],
      anchors: read.anchors,
      gonePaths: [],
    },
    history,
  );
}
