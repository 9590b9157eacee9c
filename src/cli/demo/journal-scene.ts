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
      readonly masked_field_ids: readonly number[];
      readonly filtered: boolean;
    }[];
  }[];
}

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
  const actions = stats.by_action
    .map(({ action, events }) => `${displayText(action)} ${humanCount(events)}`)
    .join(' · ');
  const verdict = proof.valid ? colours.green('✓ the chain holds') : colours.red('✗ the chain is broken');
  return [
    `${counted(stats.total_events_created, 'event')}:`,
    colours.dim(actions),
    `${verdict}: ${counted(proof.events_checked, 'event')} and ${counted(proof.checkpoints_checked, 'signed checkpoint')} checked`,
  ].join('\n');
}

/** The last reads of candidates, as the audit names them. */
export async function describeAudit(admin: Caller, terminal: Terminal): Promise<string> {
  const query = { dataset: 'candidates', operation: 'query.sql', limit: 5 };
  const { value } = await admin.api.json<AuditPage>({ method: 'GET', path: '/access/audit', query });
  const rows = value.rows.map((row) => [
    displayText(row.identity),
    displayText(row.operation),
    displayText(row.decision),
    String(row.datasets[0]?.masked_field_ids.length ?? 0),
    row.datasets[0]?.filtered === true ? 'yes' : 'no',
    row.row_count === null ? '' : humanCount(row.row_count),
  ]);
  return renderTable({
    head: ['who', 'did', 'decision', 'masked columns', 'row filter', 'rows out'],
    rows,
    columns: terminal.columns - 3,
    colours: terminal.colours,
    numeric: new Set([3, 5]),
  });
}
