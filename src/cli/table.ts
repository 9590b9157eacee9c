import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Colours } from './terminal.ts';

export interface TableParts {
  readonly head: readonly string[];
  /** Cells are printed as they are: text from outside goes through `cellText` first. */
  readonly rows: readonly (readonly string[])[];
  readonly columns: number;
  readonly colours: Colours;
  /** Columns, by place, whose cells stand at the right: numbers. */
  readonly numeric?: ReadonlySet<number>;
  /** The column, by its place, that is never cut: an id that the next command takes. */
  readonly whole?: number;
}

/** A table no wider than `columns`: what does not fit is cut with `…`, the widest columns first, but `whole` never. */
export function renderTable(parts: TableParts): string {
  const widths = fittedWidths(parts);
  const table = new Table({
    head: parts.head.map((cell) => parts.colours.bold(cell)),
    colWidths: widths.map((width) => width + 2),
    colAligns: parts.head.map((_, at) => (parts.numeric?.has(at) === true ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
    chars: BORDERS,
  });
  for (const row of parts.rows) table.push([...row]);
  return table.toString();
}

/** Name and value, one pair a line, values aligned. */
export function renderPairs(pairs: readonly (readonly [string, string])[], colours: Colours): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${colours.dim(name.padEnd(width))}  ${value}`).join('\n');
}

/** Columns a text takes, colour codes left out. */
export function textWidth(text: string): number {
  return Math.max(...stripVTControlCharacters(text).split('\n').map(lineWidth));
}

const BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '─',
  'mid-mid': '┼',
  right: '',
  'right-mid': '',
  middle: '│',
};

const NARROWEST = 6;

function fittedWidths(parts: TableParts): number[] {
  const natural = parts.head.map((name, at) =>
    Math.max(1, textWidth(name), ...parts.rows.map((row) => textWidth(row[at] ?? ''))),
  );
  // Two blanks of padding for each column and one border between two.
  const room = parts.columns - natural.length * 2 - (natural.length - 1);
  const widths = [...natural];
  for (let over = sum(widths) - room; over > 0; over--) {
    const shrinkable = widths.map((width, at) => (at === parts.whole ? 0 : width));
    const widest = shrinkable.indexOf(Math.max(...shrinkable));
    if ((shrinkable[widest] ?? 0) <= NARROWEST) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function lineWidth(line: string): number {
  let width = 0;
  for (const character of line) width += isWide(character.codePointAt(0) ?? 0) ? 2 : 1;
  return width;
}

/** East Asian wide and fullwidth blocks and emoji, coarsely. */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
