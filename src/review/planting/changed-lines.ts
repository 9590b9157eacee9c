/** Lines from 1, both ends included. */
export interface LineRange {
  readonly first_line: number;
  readonly last_line: number;
}

/** Above it the lines between the first and the last change count as changed, each of them. */
const MOST_COMPARED = 4_000_000;

/**
 * The lines of a text that are not as they were, by a longest common subsequence; where lines were only taken away, the
 * line that stands in their place.
 */
export function changedLines(before: string, after: string): readonly LineRange[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const most = Math.min(old.length, now.length);
  let start = 0;
  while (start < most && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < most - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const [left, right] = [old.slice(start, old.length - end), now.slice(start, now.length - end)];
  const kept = left.length * right.length > MOST_COMPARED ? new Set<number>() : keptLines(left, right);
  const changed = right.flatMap((_, at) => (kept.has(at) ? [] : [start + at + 1]));
  return rangesOf(changed.length > 0 ? changed : [Math.min(start + 1, now.length)]);
}

/** A line break at the end of a text begins no line. */
function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n');
}

/** The places in `right` of lines that both have in the same order, as many as there can be. */
function keptLines(left: readonly string[], right: readonly string[]): ReadonlySet<number> {
  const width = right.length + 1;
  const lengths = new Uint32Array((left.length + 1) * width);
  const lengthAt = (row: number, column: number) => lengths[row * width + column] ?? 0;
  for (let row = left.length - 1; row >= 0; row--) {
    for (let column = right.length - 1; column >= 0; column--) {
      lengths[row * width + column] =
        left[row] === right[column]
          ? lengthAt(row + 1, column + 1) + 1
          : Math.max(lengthAt(row + 1, column), lengthAt(row, column + 1));
    }
  }
  const kept = new Set<number>();
  for (let row = 0, column = 0; row < left.length && column < right.length; ) {
    if (left[row] === right[column]) {
      kept.add(column);
      row += 1;
      column += 1;
    } else if (lengthAt(row + 1, column) >= lengthAt(row, column + 1)) row += 1;
    else column += 1;
  }
  return kept;
}

function rangesOf(lines: readonly number[]): readonly LineRange[] {
  const ranges: LineRange[] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last?.last_line === line - 1) ranges.splice(-1, 1, { ...last, last_line: line });
    else ranges.push({ first_line: line, last_line: line });
  }
  return ranges;
}
