import { cellText, displayText } from '../display-text.ts';
import { counted, humanDuration } from '../human-text.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { QueryAnswer } from './query-client.ts';

const NUMERIC = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL)/i;

/** The rows as a table, then one line that counts them and names what was masked. */
export function renderAnswer(answer: Omit<QueryAnswer, 'query_id'>, terminal: Terminal): string {
  const { colours, columns } = terminal;
  const masked = maskedNames(answer.masked_columns);
  const head = answer.columns.map(({ name }) => displayText(name));
  const numeric = new Set(answer.columns.flatMap(({ type }, at) => (NUMERIC.test(type) ? [at] : [])));
  const rows = answer.rows.map((row) => answer.columns.map(({ name }) => cellText(row[name])));
  const table = head.length === 0 ? '' : `${renderTable({ head, rows, columns, colours, numeric })}\n`;
  const summary = `${counted(answer.row_count, 'row')} · ${humanDuration(answer.latency_ms)}`;
  const note = masked.length === 0 ? '' : ` · masked: ${masked.map(displayText).join(', ')}`;
  return `${table}${colours.dim(summary)}${colours.yellow(note)}`;
}

/** Names out of `masked_columns`: text, or objects that name dataset, column and method. */
export function maskedNames(masked: readonly unknown[]): readonly string[] {
  return masked.flatMap((entry) => {
    if (typeof entry === 'string') return [entry];
    if (typeof entry !== 'object' || entry === null) return [];
    const { dataset, column, name } = entry as Readonly<Record<string, unknown>>;
    const own = typeof column === 'string' ? column : name;
    if (typeof own !== 'string') return [];
    return [typeof dataset === 'string' ? `${dataset}.${own}` : own];
  });
}
