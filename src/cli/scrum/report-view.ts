import type {
  FixWave,
  GoneFinding,
  IterationMetric,
  ModelTrust,
  Movement,
  Permission,
} from '../../review/knowledge/index.ts';
import { displayText } from '../display-text.ts';
import { counted } from '../human-text.ts';
import { humanUsd } from '../money.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { Suggestion } from './iteration-client.ts';
import type { ShownIteration } from './iteration-reference.ts';
import { renderMovement } from './movement-view.ts';
import { renderIteration } from './status-view.ts';

/** The answer of `GET /scrum/iterations/{id}/report`. */
export interface Report {
  readonly iteration: ShownIteration;
  /** The finished iteration before it under the same prompt and replicates; null of the first. */
  readonly compared_with: ShownIteration | null;
  readonly metrics: readonly IterationMetric[];
  readonly movement: Movement | null;
  readonly gone: readonly GoneFinding[];
  /** What may be done with each file now. */
  readonly gradient: readonly (Permission & { readonly path: string })[];
  readonly suggestions: readonly Suggestion[];
  readonly trust: readonly ModelTrust[];
}

/** The answer of `GET /scrum/iterations/{id}/plan`. */
export interface Plan {
  readonly iteration: ShownIteration;
  readonly wave: FixWave;
  readonly markdown: string;
}

/** The iteration, its figures with where each comes from and what is good, how it moved, and what was suggested. */
export function renderReport(report: Report, terminal: Terminal): string {
  const { gone, movement, suggestions, trust } = report;
  return [
    renderIteration({ iteration: report.iteration, rows: null }, terminal),
    renderMetrics(report.metrics, terminal),
    ...(movement === null ? [] : [renderMovement(movement, terminal)]),
    ...(gone.length === 0 ? [] : [renderGone(gone, terminal)]),
    ...(suggestions.length === 0 ? [] : [renderSuggestions(suggestions, terminal)]),
    ...(trust.length === 0 ? [] : [renderTrust(trust, terminal)]),
  ].join('\n\n');
}

/** A table would cut the very words that say what a figure is worth. */
function renderMetrics(metrics: readonly IterationMetric[], { colours }: Terminal): string {
  return metrics
    .flatMap((metric) => [
      `${colours.bold(displayText(metric.name))}: ${metricText(metric)} ${colours.dim(displayText(`(of ${metric.denominator} ${metric.denominator_of})`))}`,
      `  ${colours.dim('SOURCE')} ${displayText(metric.source)}`,
      `  ${colours.dim('GOOD')}   ${displayText(metric.good)}`,
    ])
    .join('\n');
}

/** What ended with its file, so that nobody takes it for fixed. */
function renderGone(gone: readonly GoneFinding[], { colours }: Terminal): string {
  return [
    colours.yellow(`gone with their files, neither fixed nor landed: ${counted(gone.length, 'finding')}`),
    ...gone.map(({ claim, commit, finding_id: id, path }) => {
      const at = commit === null ? '' : ` at ${commit.slice(0, 12)}`;
      return `  ${displayText(id)}  ${displayText(`${path}${at}`)}: ${colours.dim(displayText(claim))}`;
    }),
  ].join('\n');
}

function renderSuggestions(suggestions: readonly Suggestion[], { colours }: Terminal): string {
  return suggestions
    .flatMap((one) => [
      `${displayText(one.suggestion_id)}  ${displayText(one.tier).padEnd(7)}  ${colours.bold(displayText(one.path))}`,
      `  ${displayText(one.summary)}`,
      `  ${colours.dim(displayText(suggestionFacts(one)))}`,
    ])
    .join('\n');
}

function suggestionFacts(one: Suggestion): string {
  const closes = one.finding_id === null ? 'closes no known finding' : `closes ${one.finding_id}`;
  return `${closes}; ${one.diff === null ? 'in words' : 'with a diff'}; ${one.tier_reasons.join('; ')}`;
}

function renderTrust(trust: readonly ModelTrust[], { colours, columns }: Terminal): string {
  const rows = trust.map((one) => [
    displayText(one.model),
    one.trust.toFixed(2),
    `${one.answers.successes} of ${one.answers.successes + one.answers.failures}`,
    `${one.caught} of ${one.caught + one.missed}`,
    String(one.false_alarms),
  ]);
  const head = ['model', 'trust', 'answers accepted', 'planted defects caught', 'false alarms'];
  return renderTable({ head, rows, columns, colours, numeric: new Set([1, 2, 3, 4]) });
}

/** A figure in its unit; a dash where there is nothing to divide by. */
export function metricText({ value, unit }: IterationMetric): string {
  if (value === null) return '–';
  if (unit === 'usd') return humanUsd(value);
  return unit === 'share' ? `${(value * 100).toFixed(0)} %` : String(Number(value.toFixed(2)));
}

/** What to fix next, from the gravest. */
export function renderPlan({ wave }: Plan, terminal: Terminal): string {
  const { colours } = terminal;
  const { causes, findings, gone, out_of_scope: outOfScope, carried_over: carried, too_big: tooBig } = wave;
  const lines = findings.flatMap((one) => [
    `${paintLevel(one.level, terminal)}  ${displayText(one.finding_id)}  ${colours.bold(displayText(one.line === null ? one.path : `${one.path}:${one.line}`))}`,
    `        ${displayText(one.claim)}`,
    `        ${colours.dim(displayText(`${one.rule}, ${one.evidence}, ${one.state}, since iteration ${one.first_seen}`))}`,
  ]);
  return [
    ...lines,
    ...(lines.length === 0 ? [] : ['']),
    ...(gone.length === 0 ? [] : [renderGone(gone, terminal), '']),
    colours.bold(
      `after iteration ${wave.iteration}: ${counted(findings.length, 'finding')} of ${counted(causes.length, 'root cause')}, ` +
        `${carried.length} carried over, ${outOfScope.length} out of scope, ${tooBig.length} too big for one change, ${gone.length} gone with their files`,
    ),
    colours.dim('--markdown FILE writes the wave, with what done means for each finding'),
  ].join('\n');
}

function paintLevel(level: 'high' | 'medium' | 'low', { colours }: Terminal): string {
  const paints = { high: colours.red, medium: colours.yellow, low: colours.cyan };
  return paints[level](level.padEnd(6));
}
