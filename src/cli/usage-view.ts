import { cellText, displayText } from './display-text.ts';
import { counted, humanCount, humanDuration } from './human-text.ts';
import { humanUsd } from './money.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** The answer of `GET /v1/usage`. */
export interface Usage {
  readonly since: string;
  readonly until: string;
  readonly groups: readonly {
    readonly by: Readonly<Record<string, string | null>>;
    readonly requests: number;
    readonly errors: number;
    readonly partial: number;
    readonly input_tokens: number;
    readonly cached_input_tokens: number;
    readonly output_tokens: number;
    readonly reasoning_tokens: number;
    readonly cost_usd: number;
    readonly latency_ms_mean: number;
    readonly first_token_ms_mean: number | null;
  }[];
  readonly truncated: boolean;
}

/** One line a group, the dearest first, and the sum. */
export function renderUsage(usage: Usage, terminal: Terminal): string {
  const { colours, columns } = terminal;
  const period = colours.dim(`${displayText(usage.since)} to ${displayText(usage.until)}`);
  const calls = usage.groups.reduce((sum, group) => sum + group.requests, 0);
  if (calls === 0) return `No model was called in this time.\n${period}`;
  const names = Object.keys(usage.groups[0]?.by ?? {});
  const rows = usage.groups.map((group) => [
    ...names.map((name) => cellText(group.by[name])),
    humanCount(group.requests),
    group.errors === 0 ? '0' : colours.red(humanCount(group.errors)),
    group.partial === 0 ? '0' : colours.yellow(humanCount(group.partial)),
    humanCount(group.input_tokens),
    humanCount(group.output_tokens),
    humanUsd(group.cost_usd),
    humanDuration(group.latency_ms_mean),
    group.first_token_ms_mean === null ? '' : humanDuration(group.first_token_ms_mean),
  ]);
  const head = [...names, 'calls', 'errors', 'cut', 'in', 'out', 'cost', 'mean', 'first token'];
  const numeric = new Set(head.map((_, at) => at).filter((at) => at >= names.length));
  const cost = humanUsd(usage.groups.reduce((sum, group) => sum + group.cost_usd, 0));
  const left = usage.truncated ? ' · more groups were left out: narrow the time, or group by less' : '';
  return [
    renderTable({ head, rows, columns, colours, numeric }),
    `${counted(calls, 'call')} · ${cost}${left} · ${period}`,
  ].join('\n');
}
