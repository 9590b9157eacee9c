import { changedLines, type LineRange } from './changed-lines.ts';
import type { PlantingTree } from './planting-file.ts';
import { type PlantingSource, plantingLanguageOf, plantingSource } from './planting-source.ts';
import { shuffled } from './shuffled.ts';

/** A changed copy of one file, for whoever reads it without knowing. */
export interface ReadingCase {
  readonly path: string;
  readonly text: string;
  /** How it was changed, in words. */
  readonly kind: string;
  readonly changed: readonly LineRange[];
  /** Null of a control: the change is no defect. `symbol` is empty at the top of the file. */
  readonly planted: { readonly rule: string; readonly symbol: string } | null;
}

/**
 * Defects that show in their file. The others do not: one of a key lies in a settings file, a table in the file it was
 * copied from, and a comment is not shown to who reads blind.
 */
const SHOWN_BY_THE_FILE: readonly string[] = [
  'a call of enforcement dropped',
  'a registration dropped',
  'a guard taken off a route',
  'a route moved past its guard',
  'a decision made constant',
  'a condition ignored',
  'a constant-time compare replaced',
  'a test emptied',
  'a test made constant',
  'an assertion not awaited',
  'a failing guard swallowed',
  'a function hollowed out',
  'a dead switch put in',
];
/** Changes that are none of sense, in code: comments are not shown to who reads blind. */
const SHOWN_CONTROLS: readonly string[] = [
  'a variable renamed',
  'functions reordered',
  'a chain on one line',
];
/** Files that are looked at for one kind at most: some kinds look through the whole tree for each. */
const MOST_LOOKED_AT = 500;
/** Whoever cites any line of the file must not hit a defect more often than not. */
const MOST_CHANGED_SHARE = 0.5;
const MOST_CHANGED_RANGES = 100;

/**
 * Plants defects and as many harmless changes, each in a copy of its own; the same seed over the same tree plants the same.
 * Fewer where the tree has no room for as many of both: a reader who calls everything a defect must gain nothing.
 */
export function readingCases(
  tree: PlantingTree,
  paths: readonly string[],
  { defects, seed }: { readonly defects: number; readonly seed: number },
): readonly ReadingCase[] {
  const parsed = new Map<string, PlantingSource | null>();
  const fileOf = (path: string) => {
    const known = parsed.get(path);
    const file = known === undefined ? plantingSource(tree, path, tree.files.get(path) ?? '') : known;
    parsed.set(path, file);
    return file;
  };
  const sources = paths.filter((path) => plantingLanguageOf(path) !== null);
  const takeTurns = (
    kinds: readonly string[],
    casesOf: (kind: string, file: PlantingSource) => readonly ReadingCase[],
  ) =>
    inTurns({
      kinds,
      sources,
      seed,
      most: defects,
      casesOf: (kind, path) => {
        const file = fileOf(path);
        return file === null ? [] : casesOf(kind, file);
      },
    });
  const harmful = takeTurns(SHOWN_BY_THE_FILE, (kind, file) => defectsIn(kind, file, tree));
  const harmless = takeTurns(SHOWN_CONTROLS, controlsIn);
  const pairs = Math.min(harmful.length, harmless.length);
  return shuffled([...harmful.slice(0, pairs), ...harmless.slice(0, pairs)], ({ text }) => `${seed} ${text}`);
}

/** One of each kind, then another of each, until there are enough; no file twice. */
function inTurns(search: {
  readonly kinds: readonly string[];
  readonly sources: readonly string[];
  readonly seed: number;
  readonly most: number;
  casesOf(kind: string, path: string): readonly ReadingCase[];
}): readonly ReadingCase[] {
  const { seed, most } = search;
  const queues = shuffled(search.kinds, (kind) => `${seed} ${kind}`).map((kind) => ({
    kind,
    left: shuffled(search.sources, (path) => `${seed} ${kind} ${path}`).slice(0, MOST_LOOKED_AT),
    at: 0,
  }));
  const taken = new Map<string, ReadingCase>();
  while (taken.size < most && queues.some(({ left, at }) => at < left.length)) {
    for (const queue of queues) {
      if (taken.size >= most) break;
      for (let found = false; !found && queue.at < queue.left.length; queue.at++) {
        const path = queue.left[queue.at] ?? '';
        if (taken.has(path)) continue;
        const [one] = shuffled(search.casesOf(queue.kind, path), ({ text }) => `${seed} ${text}`);
        if (one !== undefined) taken.set(path, one);
        found = one !== undefined;
      }
    }
  }
  return [...taken.values()];
}

function defectsIn(kind: string, file: PlantingSource, tree: PlantingTree): readonly ReadingCase[] {
  return file.defects(kind).flatMap(({ rule, text }) => {
    const changed = fewLines(file, text);
    const now = changed === null ? null : plantingSource(tree, file.path, text);
    if (changed === null || now === null) return [];
    return [{ path: file.path, text, kind, changed, planted: { rule, symbol: symbolAt(now, changed) } }];
  });
}

function controlsIn(kind: string, file: PlantingSource): readonly ReadingCase[] {
  const text = file.control(kind);
  const changed = text === null ? null : fewLines(file, text);
  return text === null || changed === null ? [] : [{ path: file.path, text, kind, changed, planted: null }];
}

/** Null where so much has changed that to cite it proves nothing. */
function fewLines(file: PlantingSource, text: string): readonly LineRange[] | null {
  const changed = changedLines(file.text, text);
  const count = changed.reduce((sum, { first_line, last_line }) => sum + last_line - first_line + 1, 0);
  const isMuch = count > text.split('\n').length * MOST_CHANGED_SHARE || changed.length > MOST_CHANGED_RANGES;
  return isMuch ? null : changed;
}

/** The functions and classes around the first changed line. */
function symbolAt(file: PlantingSource, changed: readonly LineRange[]): string {
  const lines = file.text.split('\n');
  const at = (changed[0]?.first_line ?? 1) - 1;
  const before = lines.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
  return file.symbolAt(before + (/\S/.exec(lines[at] ?? '')?.index ?? 0));
}
