/** The lines a patch brings and takes, by file. */
export interface PatchLines {
  readonly added: ReadonlyMap<string, readonly PatchLine[]>;
  readonly removed: ReadonlyMap<string, readonly PatchLine[]>;
}

export interface PatchLine {
  /** From 1; of an added line in the file after, of a removed one in the file before. */
  readonly number: number;
  readonly text: string;
}

/** A line of a patch, as it stands in the file after the change, or in the one before where it is removed. */
export interface DiffLine extends PatchLine {
  readonly side: 'added' | 'removed' | 'kept';
  readonly path: string;
}

/** Sorts the lines of a patch without context. */
export function patchLines(patch: string): PatchLines {
  const added = new Map<string, PatchLine[]>();
  const removed = new Map<string, PatchLine[]>();
  for (const { side, path, number, text } of diffLines(patch)) {
    append(side === 'added' ? added : removed, path, { number, text });
  }
  return { added, removed };
}

/** Reads a patch with git's names `a/` and `b/`, line by line. */
export function* diffLines(patch: string): Generator<DiffLine> {
  let [before, after] = ['', ''];
  let [oldNumber, oldLeft, newNumber, newLeft] = [0, 0, 0, 0];
  for (const line of patch.split('\n')) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    const text = line.slice(1);
    if (oldLeft <= 0 && newLeft <= 0 && hunk !== null) {
      [oldNumber, newNumber] = [Number(hunk[1]), Number(hunk[3])];
      [oldLeft, newLeft] = [Number(hunk[2] ?? 1), Number(hunk[4] ?? 1)];
    } else if (oldLeft > 0 && line.startsWith('-')) {
      yield { side: 'removed', path: before, number: oldNumber++, text };
      oldLeft -= 1;
    } else if (newLeft > 0 && line.startsWith('+')) {
      yield { side: 'added', path: after, number: newNumber++, text };
      newLeft -= 1;
    } else if (oldLeft > 0 && newLeft > 0 && line.startsWith(' ')) {
      yield { side: 'kept', path: after, number: newNumber++, text };
      oldNumber += 1;
      oldLeft -= 1;
      newLeft -= 1;
    } else if (line.startsWith('--- ')) before = nameIn(line);
    else if (line.startsWith('+++ ')) after = nameIn(line);
  }
}

/** The path of `+++ b/src/a.ts`; a name git has to quote keeps its escapes, and so matches no claim. */
function nameIn(line: string): string {
  return line
    .slice(4)
    .replace(/\t$/, '')
    .replace(/^"?[ab]\//, '')
    .replace(/"$/, '');
}

function append(lines: Map<string, PatchLine[]>, path: string, line: PatchLine): void {
  const known = lines.get(path);
  if (known === undefined) lines.set(path, [line]);
  else known.push(line);
}

/** `path:line` of the first changed line that a test holds for; documents count last, and what the changelog claims not at all. */
export function placeOf(
  lines: ReadonlyMap<string, readonly PatchLine[]>,
  holds: (text: string) => boolean,
): string | null {
  const places = [...lines]
    .filter(([path]) => path !== 'CHANGELOG.md')
    .flatMap(([path, all]) => {
      const found = all.find(({ text }) => holds(text));
      return found === undefined ? [] : [`${path}:${found.number}`];
    });
  return places.find((place) => !/\.mdx?:/.test(place)) ?? places[0] ?? null;
}
