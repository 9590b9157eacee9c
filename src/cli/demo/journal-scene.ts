import { displayText } from '../display-text.ts';
import { counted, humanCount } from '../human-text.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { Caller } from './callers.ts';

interface Stats {
  readonly total_events_created: number;
  readonly by_action: readonly { readonly action: string; readonly events: number }[];
}

interface Verification {
  readonly valid: boolean;
  readonly events_checked: number;
  readonly checkpoints_checked: number;
}

interface AuditPage {
  readonly rows: readonly {
    readonly identity: string;
    readonly operation: string;
    readonly decision: string;
    readonly row_count: number | null;
    readonly datasets: readonly {
      readonly name: string;
      readonly masked_field_ids: readonly number[];
      readonly filtered: boolean;
    }[];
  }[];
}

const CANDIDATES = 'candidates';
const ACTIONS_PER_LINE = 5;

export async function journalTotal(admin: Caller): Promise<number> {
  const { value } = await admin.api.json<Stats>({ method: 'GET', path: '/journal/stats' });
  return value.total_events_created;
}

/** What the demo's changes left in the journal, and the proof that nothing of it was touched since. */
export async function describeJournal(admin: Caller, terminal: Terminal): Promise<string> {
  const { colours } = terminal;
  const { value: stats } = await admin.api.json<Stats>({ method: 'GET', path: '/journal/stats' });
  const verify = { method: 'POST', path: '/journal/verify', json: {} } as const;
  const { value: proof } = await admin.api.json<Verification>(verify);
  const actions = stats.by_action.map(({ action, events }) => `${displayText(action)} ${humanCount(events)}`);
  const lines = Array.from({ length: Math.ceil(actions.length / ACTIONS_PER_LINE) }, (_, at) =>
    actions.slice(at * ACTIONS_PER_LINE, (at + 1) * ACTIONS_PER_LINE).join(' · '),
  );
  const verdict = proof.valid ? colours.green('✓ the chain holds') : colours.red('✗ the chain is broken');
  return [
    counted(stats.total_events_created, 'event'),
    ...lines.map((line) => colours.dim(`  ${line}`)),
    `${verdict}: ${counted(proof.events_checked, 'event')} and ${counted(proof.checkpoints_checked, 'signed checkpoint')} checked`,
  ].join('\n');
}

/** The last reads of candidates, as the audit names them. */
export async function describeAudit(admin: Caller, terminal: Terminal): Promise<string> {
  const query = { dataset: CANDIDATES, operation: 'query.sql', limit: 5 };
  const { value } = await admin.api.json<AuditPage>({ method: 'GET', path: '/access/audit', query });
  const rows = value.rows.map((row) => {
    const read = row.datasets.find(({ name }) => name === CANDIDATES);
    return [
      displayText(row.identity),
      displayText(row.operation),
      displayText(row.decision),
      String(read?.masked_field_ids.length ?? 0),
      read?.filtered === true ? 'yes' : 'no',
      row.row_count === null ? '' : humanCount(row.row_count),
    ];
  });
  return renderTable({
    head: ['who', 'did', 'decision', 'masked columns', 'row filter', 'rows out'],
    rows,
    columns: terminal.columns - 3,
    colours: terminal.colours,
    numeric: new Set([3, 5]),
  });
}
