import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gitFiles } from './git.ts';

/** The files of the tree under review. Links are never followed: a reviewed tree does not lead out of itself. */
export interface TreeFiles {
  /** A real path. */
  readonly root: string;
  /** Sorted, from the root, with forward slashes. */
  readonly paths: readonly string[];
  /** Whether there is a file of this name, be it one that is read here or not. */
  holds(path: string): boolean;
  /** Null where it is no text or larger than a person would write. */
  readText(path: string): string | null;
}

/** Larger files are bundles and data. */
const MOST_TEXT_BYTES = 1_500_000;

/** What a repository lists, or, where none holds the folder, every file below it that is not installed or hidden. */
export function treeFiles(root: string): TreeFiles {
  const listed = gitFiles(root) ?? [];
  const all = listed.length > 0 ? listed : filesBelow(root, '');
  const known = new Set(all);
  // JavaScript beside the TypeScript of its name was made of it.
  const isTwin = (path: string) => /\.[cm]?jsx?$/.test(path) && known.has(path.replace(/js(x?)$/, 'ts$1'));
  const paths = all
    .filter((path) => !isGenerated(path) && !isTwin(path) && isPlainFile(join(root, path)))
    .sort();
  return { root, paths, holds: (path) => known.has(path), readText: (path) => readText(join(root, path)) };
}

function readText(path: string): string | null {
  if (lstatSync(path).size > MOST_TEXT_BYTES) return null;
  const text = readFileSync(path, 'utf8');
  return text.includes('\0') ? null : text;
}

function isPlainFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function filesBelow(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesBelow(root, path);
    return entry.isFile() ? [path] : [];
  });
}

const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git', 'target', '.cache', 'coverage']);

/** Written by a program, or brought in from elsewhere: its authors do not read findings here. */
function isGenerated(path: string): boolean {
  return (
    /(?:^|\/)(?:node_modules|dist|build|built|out|vendor|third_party|coverage|\.next|target)\//.test(path) ||
    /(?:\.min\.[cm]?js|\.generated\.\w+|[._-]gen\.\w+|\.pb\.\w+|\.snap|-lock\.\w+|\.lock)$/.test(path)
  );
}
