import { displayText } from './display-text.ts';
import type { AccessMe, ShownColumn } from './sql/granted-names.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** The datasets a caller may use, with what is hidden in each. */
export function datasetTable(me: AccessMe, terminal: Terminal): string {
  const { columns, colours } = terminal;
  const rows = me.datasets.map((dataset) => [
    displayText(dataset.name),
    dataset.actions.join(', '),
    String(dataset.columns.length),
    dataset.columns
      .filter((column) => column.masked)
      .map((column) => displayText(column.name))
      .join(', '),
    seen(dataset),
  ]);
  const head = ['dataset', 'you may', 'columns', 'masked', 'you see'];
  return renderTable({ head, rows, columns, colours, numeric: new Set([2]) });
}

/** The columns of one dataset, with the mask on each and the rule behind it. */
export function columnTable(me: AccessMe, name: string, terminal: Terminal): string {
  const dataset = me.datasets.find((each) => each.name === name);
  if (dataset === undefined)
    return `There is no dataset ${displayText(name)} that you may read. \\d lists yours.`;
  return columnsTable(dataset.columns, terminal);
}

export function columnsTable(shown: readonly ShownColumn[], terminal: Terminal): string {
  const { columns, colours } = terminal;
  const rows = shown.map((column) => [
    displayText(column.name),
    displayText(column.type),
    column.tags.map(displayText).join(', '),
    displayText(column.method ?? ''),
    column.because.map(displayText).join('; '),
  ]);
  return renderTable({ head: ['column', 'type', 'tags', 'masked by', 'because'], rows, columns, colours });
}

function seen(dataset: AccessMe['datasets'][number]): string {
  if (dataset.refused_because !== null) return displayText(`refused: ${dataset.refused_because}`);
  return dataset.filtered ? 'some rows' : 'all rows';
}
