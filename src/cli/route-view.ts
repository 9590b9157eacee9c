import type { ApiClient } from './api-client.ts';
import { displayLines, displayText } from './display-text.ts';
import { humanCount } from './human-text.ts';
import { humanUsd } from './money.ts';
import { renderPairs, renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** The answer of `POST /v1/route/explain`. */
export interface Explanation {
  readonly rule: string | null;
  readonly ladder: string | null;
  readonly rungs: readonly {
    readonly model: string;
    readonly billing: string;
    readonly final: boolean;
    readonly max_output_tokens: number;
    readonly worst_cost_usd: number;
    readonly granted: boolean;
    readonly breaker_open: boolean;
  }[];
  readonly considered: readonly {
    readonly considered: string;
    readonly outcome: string;
    readonly why: string;
  }[];
  readonly worst_cost_usd: number;
  readonly refusal: { readonly code: string; readonly detail: string } | null;
}

/** The answer of `GET /v1/route/health`. */
export interface RouteHealth {
  readonly catalogue: string;
  readonly providers: readonly {
    readonly provider: string;
    readonly state: string;
    readonly open_breakers: readonly string[];
    readonly recent_failures: Readonly<Record<string, number>>;
    readonly retries_left: number;
  }[];
}

/** Asks where a request would go; calls no model. */
export async function explainRoute(api: ApiClient, asked: object): Promise<Explanation> {
  return (await api.json<Explanation>({ method: 'POST', path: '/v1/route/explain', json: asked })).value;
}

/** The rungs in their order, what was passed over and why, and what stands in the way. */
export function renderExplanation(explained: Explanation, terminal: Terminal): string {
  const { colours } = terminal;
  const decided = decidedBy(explained);
  const head = renderPairs(
    [
      ['decided by', displayText(decided)],
      [
        'worst cost',
        explained.refusal === null ? humanUsd(explained.worst_cost_usd) : 'nothing would be called',
      ],
    ],
    colours,
  );
  const notGranted = explained.rungs.filter(({ granted }) => !granted).map(({ model }) => model);
  const warnings = [
    ...(explained.refusal === null ? [] : [`${displayLines(explained.refusal.detail)}`]),
    ...(notGranted.length === 0
      ? []
      : [
          `A request needs every rung, and your role is not granted ${displayText(notGranted.join(', '))}: it would be refused.`,
        ]),
  ];
  return [
    head,
    ...(explained.rungs.length === 0 ? [] : [rungTable(explained, terminal)]),
    ...(explained.considered.length === 0 ? [] : [consideredTable(explained, terminal)]),
    ...warnings.map((warning) => `${colours.red('✗')} ${warning}`),
  ].join('\n\n');
}

function decidedBy({ rule, ladder, considered }: Explanation): string {
  const by = [
    ...(rule === null ? [] : [`rule "${rule}"`]),
    ...(ladder === null ? [] : [`ladder "${ladder}"`]),
  ];
  if (by.length > 0) return by.join(', ');
  return considered.find(({ outcome }) => outcome === 'chosen')?.considered ?? 'nothing';
}

function rungTable({ rungs }: Explanation, { colours, columns }: Terminal): string {
  const rows = rungs.map((rung, at) => [
    String(at + 1),
    displayText(rung.model),
    displayText(rung.billing),
    humanCount(rung.max_output_tokens),
    humanUsd(rung.worst_cost_usd),
    rung.granted ? colours.green('yes') : colours.red('no'),
    [...(rung.final ? ['final'] : []), ...(rung.breaker_open ? [colours.yellow('breaker open')] : [])].join(
      ', ',
    ),
  ]);
  const head = ['rung', 'model', 'billing', 'max output', 'worst cost', 'granted', ''];
  return renderTable({ head, rows, columns, colours, numeric: new Set([0, 3, 4]) });
}

function consideredTable({ considered }: Explanation, { colours, columns }: Terminal): string {
  const rows = considered.map((one) => [
    displayText(one.considered),
    one.outcome === 'chosen' ? colours.green('chosen') : colours.dim(displayText(one.outcome)),
    displayText(one.why),
  ]);
  return renderTable({ head: ['considered', 'outcome', 'because'], rows, columns, colours });
}

/** One line a provider, and where windows and prices come from. */
export function renderHealth({ providers, catalogue }: RouteHealth, { colours, columns }: Terminal): string {
  const origin = colours.dim(`windows and prices: ${displayText(catalogue)}`);
  if (providers.length === 0) return `No provider is configured; \`lakehouse models\` says how.\n${origin}`;
  const rows = providers.map((one) => [
    displayText(one.provider),
    paintState(one.state, colours),
    displayText(one.open_breakers.join(', ') || 'none'),
    displayText(
      Object.entries(one.recent_failures)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', ') || 'none',
    ),
    String(Math.floor(one.retries_left)),
  ]);
  const head = ['provider', 'state', 'open breakers', 'recent failures', 'retries left'];
  return `${renderTable({ head, rows, columns, colours, numeric: new Set([4]) })}\n${origin}`;
}

function paintState(state: string, colours: Terminal['colours']): string {
  if (state === 'ok') return colours.green('ok');
  return state === 'degraded' ? colours.yellow('degraded') : colours.red(displayText(state));
}
