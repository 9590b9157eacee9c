import type { Change } from '../change/change.ts';
import type { DiffLine } from '../change/patch.ts';

/** What a reader is shown of a change. */
export interface ShownDiff {
  readonly text: string;
  /** Whether nothing of the change was left out: only then does what is missing from it prove anything. */
  readonly isWhole: boolean;
  has(side: 'before' | 'after', path: string, line: number): boolean;
  /** The first shown line that a test holds for, as `path:line`. */
  placeOf(holds: (text: string) => boolean): string | null;
}

const MOST_CHARACTERS = 80_000;
const MOST_LINE_CHARACTERS = 400;
const MOST_FILES = 300;

/** The changed lines with their numbers, code first, so that what does not fit is the least of it. */
export function shownDiff(change: Change): ShownDiff {
  const byFile = new Map<string, DiffLine[]>();
  for (const line of change.linesInContext()) {
    const known = byFile.get(line.path);
    if (known === undefined) byFile.set(line.path, [line]);
    else known.push(line);
  }
  const paths = [...byFile.keys()].sort((a, b) => weightOf(change, a) - weightOf(change, b));
  const shown: DiffLine[] = [];
  const parts = [fileList(change)];
  let size = parts[0]?.length ?? 0;
  let isWhole = change.files.length <= MOST_FILES;
  for (const path of paths) {
    const lines = byFile.get(path) ?? [];
    const text = [`FILE ${path}`, ...lines.map(lineText)].join('\n');
    const isLeftOut = isMade(path) || size + text.length > MOST_CHARACTERS;
    isWhole &&= !isLeftOut && lines.every((line) => line.text.length <= MOST_LINE_CHARACTERS);
    parts.push(isLeftOut ? `FILE ${path}\n(not shown)` : text);
    if (isLeftOut) continue;
    size += text.length;
    shown.push(...lines);
  }
  const places = new Set(shown.map((line) => placeKey(sideOf(line), line.path, line.number)));
  return {
    text: parts.join('\n\n'),
    isWhole,
    has: (side, path, line) => places.has(placeKey(side, path, line)),
    placeOf: (holds) => {
      const found = shown.find(({ text }) => holds(text));
      return found === undefined ? null : `${found.path}:${found.number}`;
    },
  };
}

function fileList({ files }: Change): string {
  const lines = files.slice(0, MOST_FILES).map(({ status, path }) => `${status} ${path}`);
  return ['FILES CHANGED', ...lines].join('\n');
}

function lineText({ side, number, text }: DiffLine): string {
  const mark = { added: '+', removed: '-', kept: ' ' }[side];
  const cut = text.length > MOST_LINE_CHARACTERS ? `${text.slice(0, MOST_LINE_CHARACTERS)}…` : text;
  return `${mark}${number}| ${cut}`;
}

function sideOf({ side }: DiffLine): 'before' | 'after' {
  return side === 'removed' ? 'before' : 'after';
}

function placeKey(side: 'before' | 'after', path: string, line: number): string {
  return `${side} ${line} ${path}`;
}

function weightOf(change: Change, path: string): number {
  if (/\.(?:md|txt|rst|adoc)$/.test(path)) return 2;
  return change.isTest(path) ? 1 : 0;
}

/** Made by programs, and read by them. */
function isMade(path: string): boolean {
  return /(?:^|\/)(?:[\w.-]*lock(?:file)?\.(?:json|ya?ml)|[\w.-]+\.lock|go\.sum)$|\.(?:min\.js|map|snap)$|\.generated\.\w+$/.test(
    path,
  );
}
