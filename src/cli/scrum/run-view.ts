import { displayText } from '../display-text.ts';
import { counted } from '../human-text.ts';
import { humanUsd } from '../money.ts';
import type { Terminal } from '../terminal.ts';
import type { ReviewedRow } from './iteration-reference.ts';
import type { IterationRun } from './run-iteration.ts';

const SHOWN_FIRST = 20;

/** The files with the lowest scores, and what the run came to. */
export function renderRun(run: IterationRun, terminal: Terminal): string {
  const { colours } = terminal;
  const { answers, iteration, reused } = run;
  const rows = answers.map(({ row }) => row).sort((a, b) => (a.score ?? -1) - (b.score ?? -1));
  const rest = rows.length - SHOWN_FIRST;
  const unread = rows.filter(({ verdict }) => verdict === 'no_verdict').length;
  const suggestions = answers.reduce((sum, one) => sum + one.suggestions.length, 0);
  const kept = reused > 0 ? `, ${counted(reused, 'file')} kept` : '';
  return [
    ...(rows.length === 0 ? [] : [renderReviewedRows(rows.slice(0, SHOWN_FIRST), terminal)]),
    ...(rest > 0 ? [colours.dim(`… and ${rest} more: lakehouse scrum report ${iteration.number}`)] : []),
    ...(unread > 0
      ? [colours.yellow(`${counted(unread, 'file')} without a verdict: no model gave an acceptable answer`)]
      : []),
    colours.bold(
      `iteration ${iteration.number}: ${counted(rows.length, 'file')} reviewed${kept}, ` +
        `${counted(iteration.findings, 'finding')}, ${counted(suggestions, 'suggestion')}, ${humanUsd(run.cost_usd)}`,
    ),
  ].join('\n');
}

/** One line a file, its path in full at the end: a path cut by a table is no place to go to. */
export function renderReviewedRows(rows: readonly ReviewedRow[], { colours }: Terminal): string {
  return rows
    .map((row) => {
      const { critical_failures_count: critical, gradient_tier: tier, model, path, score, verdict } = row;
      const told = [...(critical > 0 ? [`${critical} critical`] : []), model ?? 'no model'].join(', ');
      return [
        (score === null ? '–' : score.toFixed(1)).padStart(4),
        paintVerdict(verdict, colours),
        displayText(tier).padEnd(7),
        `${colours.bold(displayText(path))}  ${colours.dim(displayText(told))}`,
      ].join('  ');
    })
    .join('\n');
}

function paintVerdict(verdict: string, colours: Terminal['colours']): string {
  const text = displayText(verdict.replaceAll('_', ' ')).padEnd(10);
  if (verdict === 'sound') return colours.green(text);
  return verdict === 'needs_work' ? colours.yellow(text) : colours.red(text);
}
