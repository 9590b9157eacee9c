import { cellText, displayText } from './display-text.ts';
import { humanBytes, humanCount } from './human-text.ts';
import { renderPairs, renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface DatasetSummary {
  readonly dataset: string;
  readonly owner: string | null;
  readonly actions: readonly string[];
  readonly tags: readonly string[];
  readonly column_count: number | null;
  readonly row_count: number | null;
  readonly updated_at: string | null;
}

export interface DatasetDetail {
  readonly dataset: string;
  readonly dataset_id: string;
  readonly owner: string | null;
  readonly description: string | null;
  readonly discoverable: boolean;
  readonly tags: readonly string[];
  readonly columns: readonly {
    readonly name: string;
    readonly sql_type: string;
    readonly tags: readonly string[];
    readonly mask: string | null;
    readonly mask_reasons: readonly string[];
  }[];
  readonly snapshot_id: string | null;
  readonly row_count: number | null;
  readonly size_bytes: number | null;
  readonly filtered: boolean;
  readonly lineage: readonly { readonly time: string; readonly source: Readonly<Record<string, unknown>> }[];
}

export interface SnapshotPage {
  readonly current_snapshot_id: string | null;
  readonly snapshots: readonly {
    readonly snapshot_id: string;
    readonly time: string;
    readonly operation: string;
    readonly row_count: number | null;
    readonly added_rows: number | null;
  }[];
}

/** What a row filter keeps from a caller is said, not left blank. */
const HIDDEN = 'hidden';

/** What is said where nothing was made, or nothing is granted: the caller cannot tell, and hears both. */
export const NO_DATASET =
  'There is no dataset you may use: `lakehouse ingest FILE` makes one, and an administrator grants one that is there.';

export function renderDatasets(datasets: readonly DatasetSummary[], terminal: Terminal): string {
  if (datasets.length === 0) return NO_DATASET;
  const { columns, colours } = terminal;
  const rows = datasets.map((dataset) => [
    displayText(dataset.dataset),
    dataset.actions.join(', '),
    dataset.row_count === null ? HIDDEN : humanCount(dataset.row_count),
    dataset.column_count === null ? '' : String(dataset.column_count),
    displayText(dataset.owner ?? ''),
    displayText(dataset.tags.join(', ')),
    displayText(dataset.updated_at ?? ''),
  ]);
  const head = ['dataset', 'you may', 'rows', 'columns', 'owner', 'tags', 'updated'];
  return renderTable({ head, rows, columns, colours, numeric: new Set([2, 3]) });
}

export function renderDataset(dataset: DatasetDetail, terminal: Terminal): string {
  const { columns, colours } = terminal;
  const pairs = renderPairs(
    [
      ['dataset', colours.bold(displayText(dataset.dataset))],
      ['id', displayText(dataset.dataset_id)],
      ['owner', cellText(dataset.owner)],
      ['description', cellText(dataset.description)],
      ['tags', displayText(dataset.tags.join(', ') || 'none')],
      ['rows', dataset.row_count === null ? HIDDEN : humanCount(dataset.row_count)],
      ['size', dataset.size_bytes === null ? HIDDEN : humanBytes(dataset.size_bytes)],
      ['you see', dataset.filtered ? 'some rows: a row filter applies' : 'all rows'],
      ['snapshot', cellText(dataset.snapshot_id)],
      ...dataset.lineage
        .slice(0, 3)
        .map(({ time, source }) => ['from', `${displayText(time)}  ${cellText(source)}`] as const),
    ],
    colours,
  );
  const rows = dataset.columns.map((column) => [
    displayText(column.name),
    displayText(column.sql_type),
    displayText(column.tags.join(', ')),
    displayText(column.mask ?? ''),
    displayText(column.mask_reasons.join('; ')),
  ]);
  const table = renderTable({
    head: ['column', 'type', 'tags', 'masked by', 'because'],
    rows,
    columns,
    colours,
  });
  return `${pairs}\n\n${table}`;
}

export function renderSnapshots(page: SnapshotPage, terminal: Terminal): string {
  const { columns, colours } = terminal;
  const rows = page.snapshots.map((snapshot) => [
    displayText(snapshot.snapshot_id),
    snapshot.snapshot_id === page.current_snapshot_id ? colours.green('current') : '',
    displayText(snapshot.time),
    displayText(snapshot.operation),
    snapshot.row_count === null ? HIDDEN : humanCount(snapshot.row_count),
    snapshot.added_rows === null ? HIDDEN : humanCount(snapshot.added_rows),
  ]);
  const head = ['snapshot', '', 'time', 'operation', 'rows', 'added'];
  return renderTable({ head, rows, columns, colours, numeric: new Set([4, 5]), whole: 0 });
}
