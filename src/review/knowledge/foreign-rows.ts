// Lines that other programs wrote, as rows of ours. Two shapes are known by their members; each of ours may have one of
// several names there, and what a line does not say is filled in only where nothing depends on it.
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/index.ts';
import { type AttemptOutcome, isCalibrationOutcome } from './attempt-row.ts';
import { findingId } from './finding-identity.ts';
import { EVIDENCE_TIERS, FINDING_STATES, type FindingRow, type FindingSeverity } from './finding-row.ts';

export type ForeignRows =
  | { readonly ok: true; readonly rows: readonly ForeignRow[] }
  | { readonly ok: false; readonly reason: string };

/** What a line is read with. */
export interface ForeignFile {
  /** Of lines that name none. */
  readonly repository: string;
  /** How many lines of a key there were, this one counted. */
  readonly nthOf: (key: string) => number;
}

interface ForeignRow {
  readonly kind: 'findings' | 'attempts';
  readonly row: unknown;
}

/** Their names for each member of ours, the first that is there counts. */
const NAMES = {
  repository: ['repository', 'repo', 'project'],
  path: ['path', 'file', 'file_path', 'filename'],
  iteration: ['iteration', 'phase', 'sweep', 'iter', 'run'],
  claim: ['claim', 'finding', 'title', 'summary', 'message', 'description', 'text'],
  rule: ['rule', 'category', 'kind', 'type'],
  symbol: ['symbol', 'function', 'fn'],
  severity: ['severity', 'priority', 'level'],
  line: ['line', 'line_number', 'start_line'],
  state: ['state', 'status'],
  foundBy: ['found_by', 'model', 'reviewer', 'source'],
  closedBy: ['closed_by_commit', 'fixed_in', 'fixed_by', 'fix_commit', 'commit'],
  time: ['recorded_at', 'updated_at', 'timestamp', 'ts', 'created_at'],
} as const;

const SEVERITIES: ReadonlyMap<string, FindingSeverity> = new Map<string, FindingSeverity>([
  ['critical', 'critical'],
  ['blocker', 'critical'],
  ['p0', 'critical'],
  ['high', 'error'],
  ['error', 'error'],
  ['major', 'error'],
  ['p1', 'error'],
  ['medium', 'warning'],
  ['moderate', 'warning'],
  ['warning', 'warning'],
  ['warn', 'warning'],
  ['p2', 'warning'],
  ['low', 'note'],
  ['minor', 'note'],
  ['note', 'note'],
  ['info', 'note'],
  ['nit', 'note'],
  ['p3', 'note'],
]);

const STATES: ReadonlyMap<string, FindingRow['state']> = new Map<string, FindingRow['state']>([
  ...FINDING_STATES.map((state) => [state, state] as const),
  ['open', 'new'],
  ['pending', 'new'],
  ['confirmed', 'new'],
  ['persistent', 'recurring'],
  ['unchanged', 'recurring'],
  ['closed', 'fixed'],
  ['resolved', 'fixed'],
  ['done', 'fixed'],
  ['reopened', 'regressed'],
  ['returned', 'regressed'],
]);

/** Their names for counts of outcomes. A count is as many rows, so that trust is made of one kind of row. */
const COUNTS: readonly (readonly [AttemptOutcome, readonly string[]])[] = [
  ['accepted', ['accepted', 'accepts', 'successes', 'success', 'wins']],
  ['refused', ['refused', 'rejected', 'rejects', 'failures', 'losses']],
  ['caught', ['caught', 'true_positives']],
  ['missed', ['missed', 'false_negatives']],
  ['false_alarm', ['false_alarms', 'false_positives']],
];
const MOST_COUNTED = 10_000;
/** Of counts, and of an outcome that names no time: before all others. */
const NO_TIME = '1970-01-01T00:00:00.000Z';

/**
 * A line of `phase_sweep_findings` (a file, a claim, and what else is known; or a file with a list `findings`) or of
 * `model_trust` (a model with counts of outcomes, with a share and its number, or with one outcome). Their ids are not
 * kept: they may be numbers that start anew in each sweep.
 */
export function foreignRows(value: JsonValue, { repository, nthOf }: ForeignFile): ForeignRows {
  if (!isJsonObject(value)) return refused('is no JSON object');
  if (textOf(value, NAMES.path) !== null) return sweepFindings(value, repository);
  const model = textOf(value, ['model']);
  if (model !== null) return trustRows(value, model, textOf(value, NAMES.repository) ?? repository, nthOf);
  return refused('names neither a dataset of ours, nor a file (path, file), nor a model');
}

function sweepFindings(value: JsonObject, repository: string): ForeignRows {
  const { findings, ...shared } = value;
  if (!Array.isArray(findings)) return one(sweepFinding(value, repository));
  const rows: ForeignRow[] = [];
  for (const [index, each] of findings.entries()) {
    const own = typeof each === 'string' ? { claim: each } : each;
    const read = isJsonObject(own)
      ? sweepFinding({ ...shared, ...own }, repository)
      : refused('is neither a text nor an object');
    if (!read.ok) return refused(`findings[${index}]: ${read.reason}`);
    rows.push(read.row);
  }
  return { ok: true, rows };
}

type OneRow =
  | { readonly ok: true; readonly row: ForeignRow }
  | { readonly ok: false; readonly reason: string };

function sweepFinding(value: JsonObject, repository: string): OneRow {
  const path = textOf(value, NAMES.path);
  const claim = textOf(value, NAMES.claim);
  if (path === null || claim === null) return refused(`names no claim (${NAMES.claim.join(', ')})`);
  const iteration = iterationOf(value);
  if (iteration === null) return refused('its iteration holds no number from 1');
  const severity = SEVERITIES.get(textOf(value, NAMES.severity)?.toLowerCase() ?? 'medium');
  if (severity === undefined) return refused('its severity is none we know');
  const state = STATES.get(textOf(value, NAMES.state)?.toLowerCase() ?? 'new');
  if (state === undefined) return refused('its state is none we know');
  const evidence = EVIDENCE_TIERS.find((tier) => tier === value.evidence) ?? 'model';
  const key = {
    repository: textOf(value, NAMES.repository) ?? repository,
    path,
    rule: ruleOf(textOf(value, NAMES.rule), evidence),
    symbol: textOf(value, NAMES.symbol) ?? '',
    claim,
  };
  const line = Number(textOf(value, NAMES.line) ?? 0);
  const row: FindingRow = {
    finding_id: findingId(key, 1),
    ...key,
    iteration_id: `phase_sweep:${iteration}`,
    iteration,
    severity,
    line: Number.isInteger(line) && line > 0 ? line : null,
    state,
    found_by: textOf(value, NAMES.foundBy) ?? 'phase_sweep',
    evidence,
    anchor_hash: null,
    check_kind: null,
    check_name: null,
    check_passes: null,
    closed_by_commit: state === 'fixed' ? textOf(value, NAMES.closedBy) : null,
  };
  return { ok: true, row: { kind: 'findings', row } };
}

/**
 * Attempts that are told apart by the model's place among the lines of its kind and by their number, and so are the same
 * whenever the file is read again: of a later count only what is new is new.
 */
function trustRows(
  value: JsonObject,
  model: string,
  repository: string,
  nthOf: ForeignFile['nthOf'],
): ForeignRows {
  const counted = outcomeCounts(value);
  if (counted === null) return refused('names no outcome, and no count of any');
  const { counts, isCount } = counted;
  if (counts.some(([, count]) => !Number.isInteger(count) || count < 0 || count > MOST_COUNTED))
    return refused(`counts outcomes by other than whole numbers of at most ${MOST_COUNTED}`);
  const time = isCount ? null : textOf(value, NAMES.time);
  const recorded = time === null ? new Date(NO_TIME) : new Date(/^\d+$/.test(time) ? Number(time) : time);
  if (Number.isNaN(recorded.getTime())) return refused('its time is none');
  const shared = {
    iteration_id: 'model_trust',
    repository,
    path: `(imported ${nthOf(`${repository}\n${model}`)})`,
    model,
    rung: null,
    output_format: null,
    input_tokens: 0,
    output_tokens: 0,
    cost_usd: 0,
    latency_ms: 0,
    recorded_at: recorded.toISOString(),
  };
  const rows = counts.flatMap(([outcome, count]) => {
    const pass = isCalibrationOutcome(outcome) ? 'calibration' : 'blind';
    return Array.from(
      { length: count },
      (_, replicate): ForeignRow => ({ kind: 'attempts', row: { ...shared, pass, replicate, outcome } }),
    );
  });
  return { ok: true, rows };
}

interface Counted {
  readonly counts: readonly (readonly [AttemptOutcome, number])[];
  /** Whether it sums up; otherwise it is one outcome. */
  readonly isCount: boolean;
}

function outcomeCounts(value: JsonObject): Counted | null {
  const single = textOf(value, ['outcome', 'verdict', 'result']) ?? value.accepted;
  if (typeof single === 'boolean') return { counts: [[single ? 'accepted' : 'refused', 1]], isCount: false };
  const outcome = COUNTS.find(
    ([name, others]) => name === single || others.some((other) => other === single),
  );
  if (outcome !== undefined) return { counts: [[outcome[0], 1]], isCount: false };
  const counts = COUNTS.flatMap(([name, others]) => {
    const count = others.map((other) => value[other]).find((each) => typeof each === 'number');
    return typeof count === 'number' ? [[name, count] as const] : [];
  });
  if (counts.length > 0) return { counts, isCount: true };
  const share = [value.trust, value.trust_score].find((each) => typeof each === 'number');
  const all = ['attempts', 'samples', 'total', 'n'].map((name) => value[name]).find(Number.isInteger);
  if (typeof share !== 'number' || typeof all !== 'number' || share < 0 || share > 1) return null;
  const accepted = Math.round(share * all);
  const split = [['accepted', accepted] as const, ['refused', all - accepted] as const];
  return { counts: split, isCount: true };
}

/** `3`, `"3"`, `"phase24_audit"`; 1 of a line that names none. */
function iterationOf(value: JsonObject): number | null {
  const written = textOf(value, NAMES.iteration);
  if (written === null) return 1;
  const number = Number(/\d{1,6}/.exec(written)?.[0] ?? 0);
  return number > 0 ? number : null;
}

/** What a model told of is `scrum/<kind>`, as in rows of our own. */
function ruleOf(written: string | null, evidence: FindingRow['evidence']): string {
  if (written !== null && (evidence !== 'model' || written.startsWith('scrum/'))) return written;
  const kind = (written ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `scrum/${kind === '' || kind.startsWith('phase-sweep') ? 'finding' : kind}`;
}

function textOf(value: JsonObject, names: readonly string[]): string | null {
  for (const name of names) {
    const member = value[name];
    if (typeof member === 'string' && member.trim() !== '') return member.trim();
    if (typeof member === 'number') return String(member);
  }
  return null;
}

function one(read: OneRow): ForeignRows {
  return read.ok ? { ok: true, rows: [read.row] } : read;
}

function refused(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
