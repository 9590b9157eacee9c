import { type FindingLife, findingLives } from './finding-life.ts';
import type { FindingSeverity } from './finding-row.ts';
import { type GoneFinding, goneFindings } from './gone-findings.ts';
import { byIteration, type IterationKey } from './iteration-key.ts';
import type { KnowledgeRows } from './movement.ts';
import { byGravity, type RootCause, rootCauses } from './root-causes.ts';

export type WaveLevel = 'high' | 'medium' | 'low';

/** A finding to be fixed, and what done means for it. */
export interface WaveFinding {
  readonly finding_id: string;
  readonly cause_id: string;
  readonly level: WaveLevel;
  readonly path: string;
  readonly line: number | null;
  readonly symbol: string;
  readonly rule: string;
  readonly claim: string;
  readonly evidence: FindingLife['evidence'];
  readonly state: FindingLife['state'];
  readonly first_seen: number;
  /** All of it must hold. */
  readonly done_means: readonly string[];
}

/** The next fix wave, from the open findings of the newest iteration. */
export interface FixWave {
  readonly iteration: number;
  readonly causes: readonly RootCause[];
  /** From the gravest; every open finding is here or out of scope. */
  readonly findings: readonly WaveFinding[];
  /** Causes that one change should not try to close, by their ids. */
  readonly too_big: readonly { readonly cause_id: string; readonly why: string }[];
  readonly out_of_scope: readonly {
    readonly finding_id: string;
    readonly path: string;
    readonly why: string;
  }[];
  /** Findings of the wave that earlier waves already had, the longest open first. */
  readonly carried_over: readonly { readonly finding_id: string; readonly since: number }[];
  /** Findings that left the queue in this iteration with their files. */
  readonly gone: readonly GoneFinding[];
}

/** Beyond these a change is not read to its end. */
const MOST_FILES = 5;
const MOST_FINDINGS = 12;

const LEVELS: Readonly<Record<FindingSeverity, WaveLevel>> = {
  critical: 'high',
  error: 'high',
  warning: 'medium',
  note: 'low',
};

/** What to fix next, by what was known at the end of one iteration. */
export function nextFixWave(rows: KnowledgeRows, at: IterationKey): FixWave {
  const { iteration } = at;
  const lives = findingLives(rows.findings.filter((row) => byIteration(row, at) <= 0));
  const open = lives.filter(({ isOpen }) => isOpen).sort(byGravity);
  const reviewed = new Set(
    rows.reviews.filter((row) => row.iteration_id === at.iteration_id).map(({ path }) => path),
  );
  const kept: FindingLife[] = [];
  const outOfScope: FixWave['out_of_scope'][number][] = [];
  for (const life of open) {
    const why = whyOutOfScope(life, iteration, reviewed);
    if (why === null) kept.push(life);
    else outOfScope.push({ finding_id: life.finding_id, path: life.path, why });
  }
  const causes = rootCauses(kept);
  const causeOf = new Map(causes.flatMap((cause) => cause.finding_ids.map((id) => [id, cause.cause_id])));
  return {
    iteration,
    causes,
    findings: kept.map((life) => waveFinding(life, causeOf.get(life.finding_id) ?? '')),
    too_big: causes.flatMap((cause) => whyTooBig(cause)),
    out_of_scope: outOfScope,
    carried_over: kept
      .filter((life) => life.first_seen < iteration)
      .sort((a, b) => a.first_seen - b.first_seen || byGravity(a, b))
      .map(({ finding_id, first_seen: since }) => ({ finding_id, since })),
    gone: goneFindings(rows.findings, at),
  };
}

function whyOutOfScope(
  { evidence, last_seen: lastSeen, path }: FindingLife,
  iteration: number,
  reviewed: ReadonlySet<string>,
): string | null {
  if (!reviewed.has(path)) return `its file is not in iteration ${iteration}: nobody knows whether it stands`;
  if (lastSeen < iteration && evidence === 'model')
    return `a model told of it in iteration ${lastSeen} and none since, though nothing shows it fixed: confirm it first`;
  return null;
}

function waveFinding(life: FindingLife, causeId: string): WaveFinding {
  return {
    finding_id: life.finding_id,
    cause_id: causeId,
    level: LEVELS[life.severity],
    path: life.path,
    line: life.line,
    symbol: life.symbol,
    rule: life.rule,
    claim: life.claim,
    evidence: life.evidence,
    state: life.state,
    first_seen: life.first_seen,
    done_means: doneMeans(life),
  };
}

/** What `hasLanded` will ask for, in words. */
function doneMeans({
  anchor_hash: anchor,
  check_kind: kind,
  check_name: name,
}: FindingLife): readonly string[] {
  const check =
    kind === 'rule'
      ? `the rule ${name} reports it no more`
      : kind === 'test'
        ? `the test ${name} passes`
        : 'a check of its own passes (a rule, or a test that fails today): it has none yet, and cannot land without';
  const code =
    anchor === null
      ? 'its code is found again by the next iteration: it has no anchor yet, and cannot land without'
      : 'the code it points at has changed';
  return [check, code, 'the next iteration does not tell of it'];
}

function whyTooBig({ cause_id, finding_ids, paths }: RootCause): FixWave['too_big'] {
  if (paths.length > MOST_FILES)
    return [{ cause_id, why: `${paths.length} files, more than ${MOST_FILES}: one change for each folder` }];
  if (finding_ids.length > MOST_FINDINGS)
    return [
      {
        cause_id,
        why: `${finding_ids.length} findings, more than ${MOST_FINDINGS}: one change for each file`,
      },
    ];
  return [];
}
