import type { Change } from '../change/change.ts';
import { casesOf } from '../change/test-counts.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import { mentionsIn } from './mentions.ts';
import type { Block, Passages } from './passages.ts';

interface Row {
  readonly cells: readonly string[];
  readonly start: number;
  readonly length: number;
}

/** Rows of Markdown tables: totals, differences, and what they say of files of the change. */
export function tableClaims({ source, blocks }: Passages): readonly DraftClaim[] {
  const isOfThisChange = source.document !== 'CHANGELOG.md';
  return blocks
    .filter(({ kind }) => kind === 'table')
    .flatMap((block) => {
      const [head, ...rows] = rowsOf(block);
      if (head === undefined) return [];
      return rows.flatMap((row, index): DraftClaim[] => {
        const judge = isTotal(row)
          ? () => judgeTotal(head, rows.slice(0, index), row)
          : (change: Change) => judgeRow(change, head, row, isOfThisChange);
        return [{ kind: 'table', start: row.start, end: row.start + row.length, judge }];
      });
    });
}

function rowsOf(block: Block): readonly Row[] {
  const rows: Row[] = [];
  let start = block.start;
  for (const line of block.text.split('\n')) {
    const cells = line
      .trim()
      .replace(/^\||\|$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    const isRule = cells.every((cell) => /^:?-{2,}:?$|^$/.test(cell));
    if (!isRule) rows.push({ cells, start, length: line.length });
    start += line.length + 1;
  }
  return rows;
}

function isTotal({ cells }: Row): boolean {
  return /^[*_`]*(?:total|sum|Σ|all|together|overall)[*_`:]*$/i.test(cells[0] ?? '');
}

/** The sum of the rows above, for each column of whole numbers that can be summed. */
function judgeTotal(head: Row, above: readonly Row[], total: Row): Judgement {
  const seen: string[] = [];
  for (const [column, cell] of total.cells.entries()) {
    const said = wholeCell(cell);
    const numbers = above.filter((row) => !isTotal(row)).map(({ cells }) => wholeCell(cells[column] ?? ''));
    const title = head.cells[column] ?? '';
    if (column === 0 || said === null || numbers.length < 2 || numbers.some((one) => one === null)) continue;
    if (/\b(?:mean|average|median|ratio|rate|max|min|p\d\d|percent|share|precision|recall)\b|%/i.test(title))
      continue;
    const sum = numbers.reduce<number>((all, one) => all + (one ?? 0), 0);
    if (sum !== said) return notBacked(`${title}: ${numbers.join(' + ')} = ${sum}, not ${said}`);
    seen.push(`${title}: ${numbers.join(' + ')} = ${sum}`);
  }
  return seen.length === 0 ? unknown('no column of whole numbers above it') : backed(seen.join('; '));
}

function judgeRow(change: Change, head: Row, row: Row, isOfThisChange: boolean): Judgement {
  const difference = judgeDifference(head, row);
  if (difference?.verdict === 'not_backed') return difference;
  const file = isOfThisChange ? judgeFileRow(change, head, row) : null;
  return file ?? difference ?? unknown('nothing in the row that the change can show');
}

/** `| before | after | change |` within one row. */
function judgeDifference({ cells: titles }: Row, { cells }: Row): Judgement | null {
  const at = (pattern: RegExp) => titles.findIndex((title) => pattern.test(title));
  const [before, after, change] = [
    at(/\b(?:before|old|was)\b/i),
    at(/\b(?:after|new|now)\b/i),
    at(/\b(?:change|diff|difference|delta)\b|[Δ±]|^\+\/?[−-]$/i),
  ];
  if (before < 0 || after < 0 || change < 0) return null;
  const [from, to] = [wholeCell(cells[before] ?? ''), wholeCell(cells[after] ?? '')];
  const by = wholeCell(cells[change] ?? '');
  if (from === null || to === null || by === null) return null;
  const shown = `${to} − ${from} = ${to - from}`;
  return to - from === by ? backed(shown) : notBacked(`${shown}, not ${by}`);
}

/** A row about a file of the change: its lines and its test cases. */
function judgeFileRow(change: Change, { cells: titles }: Row, row: Row): Judgement | null {
  const block: Block = { kind: 'table', checked: null, text: row.cells[0] ?? '', start: 0 };
  const named = mentionsIn({ text: row.cells[0] ?? '', start: 0, block }).find(({ kind }) => kind === 'path');
  const title = titles[0] ?? '';
  if (named === undefined || !/\b(?:file|path|module|test)s?\b/i.test(title)) return null;
  const file = change.files.find(({ path }) => path === named.name || path.endsWith(`/${named.name}`));
  if (file === undefined) {
    const [known] = change.knownPaths(named.name);
    const isOfChange = titles.some((one) =>
      /\b(?:added|removed|changed?|lines|insertions|deletions)\b|^[+−-]$/i.test(one),
    );
    if (known === undefined) return notBacked(`git ls-tree: no ${named.name} before or after the change`);
    return isOfChange ? notBacked(`the diff does not touch ${known}`) : null;
  }
  const seen: string[] = [];
  for (const [column, name] of titles.entries()) {
    const said = wholeCell(row.cells[column] ?? '');
    const true_ = said === null || column === 0 ? null : trueValue(change, file, name);
    if (said === null || true_ === null) continue;
    if (Math.abs(said) !== true_) return notBacked(`${file.path}, ${name}: ${true_}, not ${Math.abs(said)}`);
    seen.push(`${name}: ${true_}`);
  }
  return backed(seen.length === 0 ? `in the diff: ${file.path}` : `${file.path}, ${seen.join(', ')}`);
}

function trueValue(change: Change, file: Change['files'][number], title: string): number | null {
  if (/^(?:\+|added|lines added|insertions)$/i.test(title)) return file.addedLines;
  if (/^(?:[−-]|removed|lines removed|deletions|deleted)$/i.test(title)) return file.removedLines;
  if (!/^(?:tests|test cases|cases)$/i.test(title)) return null;
  const { titles, isLowerBound } = casesOf(file.path, change.after(file.path) ?? '');
  return isLowerBound ? null : titles.length;
}

function wholeCell(cell: string): number | null {
  const text = cell
    .replaceAll(/[*_`,]/g, '')
    .replaceAll('−', '-')
    .trim();
  return /^[+-]?\d+$/.test(text) ? Number(text) : null;
}
