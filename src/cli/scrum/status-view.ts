import { displayText } from '../display-text.ts';
import { counted } from '../human-text.ts';
import { humanUsd } from '../money.ts';
import { renderPairs, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { IterationStatus, ShownIteration } from './iteration-reference.ts';
import { renderReviewedRows } from './run-view.ts';

export function renderIterations(iterations: readonly ShownIteration[], terminal: Terminal): string {
  if (iterations.length === 0) return 'No iteration yet: `lakehouse scrum run` begins the first.';
  const { columns, colours } = terminal;
  return renderTable({
    head: ['repository', 'number', 'state', 'files', 'unread', 'cost', 'commit', 'started'],
    rows: iterations.map((one) => [
      displayText(one.repository),
      String(one.number),
      paintState(one.state, terminal),
      `${one.files_done}/${one.files_total}`,
      String(one.no_verdict),
      humanUsd(one.cost_usd),
      displayText(one.commit.slice(0, 12)),
      displayText(one.started_at.slice(0, 16).replace('T', ' ')),
    ]),
    columns,
    colours,
    numeric: new Set([1, 3, 4, 5]),
  });
}

export function renderIteration({ iteration, rows }: IterationStatus, terminal: Terminal): string {
  const { colours } = terminal;
  const { files_done: done, files_total: total, files_reused: reused, replicates } = iteration;
  const pairs = renderPairs(
    [
      ['iteration', `${iteration.number} of ${displayText(iteration.repository)}`],
      ['id', displayText(iteration.iteration_id)],
      ['state', paintState(iteration.state, terminal)],
      ['commit', displayText(iteration.commit)],
      [
        'files',
        `${done} of ${counted(total, 'file')} done, ${reused} of them kept from an earlier iteration`,
      ],
      ['no verdict', String(iteration.no_verdict)],
      [
        'bar',
        `prompt ${displayText(iteration.prompt)}, ladder ${displayText(iteration.ladder)}, replicates ${replicates}`,
      ],
      ['cost', humanUsd(iteration.cost_usd)],
      ['started', displayText(`${iteration.started_at} by ${iteration.identity}`)],
      ['finished', displayText(iteration.finished_at ?? 'not yet: the same scrum run goes on with it')],
    ],
    colours,
  );
  return rows === null || rows.length === 0 ? pairs : `${pairs}\n\n${renderReviewedRows(rows, terminal)}`;
}

function paintState(state: ShownIteration['state'], { colours }: Terminal): string {
  const paints = { running: colours.yellow, finished: colours.green, abandoned: colours.dim };
  return paints[state](state);
}
