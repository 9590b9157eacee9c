import { cellText, displayText } from '../display-text.ts';
import { humanDuration } from '../human-text.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { Caller } from './callers.ts';

const TOOL = 'placements_of_job';
const JOB_ID = 1;

/** The call as one would type it. */
export const TOOL_CALL = `lakehouse tools call ${TOOL} job_id=${JOB_ID}`;

interface PlacementsAnswer {
  readonly rows: readonly { readonly id: number; readonly full_name: string | null }[];
  readonly row_count: number;
  readonly latency_ms: number;
  readonly masked_columns: readonly string[];
}

/** What one caller got of the same tool with the same arguments. */
export interface PlacementsView {
  readonly caller: Caller;
  readonly answer: PlacementsAnswer;
}

export async function placementsAs(caller: Caller): Promise<PlacementsView> {
  const { value } = await caller.api.json<PlacementsAnswer>({
    method: 'POST',
    path: `/tools/${TOOL}/call`,
    json: { arguments: { job_id: JOB_ID } },
  });
  return { caller, answer: value };
}

/** One column a caller: who was placed, as far as each may see it. */
export function describePlacements(views: readonly PlacementsView[], terminal: Terminal): string {
  const { colours } = terminal;
  const ids = [...new Set(views.flatMap(({ answer }) => answer.rows.map(({ id }) => id)))];
  const placed = ids
    .sort((a, b) => a - b)
    .map((id) => [
      String(id),
      ...views.map(({ answer }) => {
        const row = answer.rows.find((each) => each.id === id);
        if (row === undefined) return colours.cyan('not theirs to see');
        const name = cellText(row.full_name);
        return answer.masked_columns.includes('candidates.full_name') ? colours.yellow(name) : name;
      }),
    ]);
  const facts = [
    ['rows', ...views.map(({ answer }) => String(answer.row_count))],
    ['latency', ...views.map(({ answer }) => humanDuration(answer.latency_ms))],
  ];
  return renderTable({
    head: ['placement', ...views.map(({ caller }) => displayText(caller.title))],
    rows: [...placed, ...facts],
    columns: terminal.columns - 3,
    colours,
  });
}
