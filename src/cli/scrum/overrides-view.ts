import { displayText } from '../display-text.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export interface ShownOverride {
  readonly override_id: string;
  readonly repository: string;
  readonly path: string | null;
  readonly suggestion_id: string | null;
  readonly tier: string;
  readonly reason: string;
  readonly identity: string;
  readonly created_at: string;
  readonly expires_at: string;
}

export function renderOverrides(overrides: readonly ShownOverride[], terminal: Terminal): string {
  if (overrides.length === 0) return 'No override is in force.';
  const { columns, colours } = terminal;
  return renderTable({
    head: ['override', 'repository', 'of', 'tier', 'reason', 'by', 'until'],
    whole: 0,
    rows: overrides.map((one) =>
      [
        one.override_id,
        one.repository,
        one.path ?? `suggestion ${one.suggestion_id ?? ''}`,
        one.tier,
        one.reason,
        one.identity,
        one.expires_at,
      ].map(displayText),
    ),
    columns,
    colours,
  });
}
