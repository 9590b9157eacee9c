import { realpathSync, statSync } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { sha256Hex } from '../../base/index.ts';
import {
  type FileLinks,
  type Finding,
  filesChangedSince,
  type Inspection,
  inspectTree,
  linkFiles,
  type SourceSection,
  sourceLanguageOf,
  sourceRoleOf,
  sourceSections,
  type TreeFiles,
  treeFiles,
  type WorkTree,
  workTreeAt,
} from '../../review/inspect/index.ts';
import { usageFailure } from '../cli-failure.ts';
import { counted } from '../human-text.ts';
import { byRole, type FileSelection, type SelectedFile, selectFiles } from './file-selection.ts';
import type { SourceTexts } from './neighbour-excerpts.ts';
import { repositoryNameOf } from './repository-name.ts';

export interface TreeOptions extends FileSelection {
  /** Only files that differ from this revision, and those that import one of them. */
  readonly since: string | null;
  /** Null: by the address of `origin`, or the name of the folder. */
  readonly repository: string | null;
}

export interface ReviewedFile extends SelectedFile {
  readonly text: string;
}

/** A tree on this machine as the review loop reads it: files, how they hang together, what needs no model. */
export interface ReviewedTree extends SourceTexts {
  readonly repository: string;
  /** Null where no repository holds the tree, or nothing was committed yet. */
  readonly commit: string | null;
  /** Files differ from the commit. */
  readonly isDirty: boolean;
  /** The top of the repository, or the folder that was named; a real path. */
  readonly root: string;
  readonly files: readonly ReviewedFile[];
  /** Of every file of the tree, reviewed or not. */
  readonly paths: readonly string[];
  /**
   * Whether the commit holds no such file, or nothing in it. False where that cannot be told: without a commit, and
   * while files differ from it.
   */
  isGone(path: string): boolean;
  readonly links: FileLinks;
  /** Of the deterministic reviewers, in the whole tree. */
  findingsIn(path: string): readonly Finding[];
  /** Those that a comment with a reason keeps from being reported: not proven gone. */
  suppressedIn(path: string): readonly Omit<Finding, 'id'>[];
  /** Whether the deterministic reviewers could read the file. */
  isInspected(path: string): boolean;
  /** What the user should know of how the tree was read. */
  readonly notes: readonly string[];
}

/** Larger sources are data that somebody keeps as code. */
const MOST_FILE_CHARACTERS = 400_000;

/** Reads the tree that holds a path; of a folder within a repository, the files below the folder are reviewed. */
export async function openReviewedTree(
  path: string,
  options: TreeOptions,
  onProgress: (files: number, total: number) => void,
): Promise<ReviewedTree> {
  const asked = realPath(path);
  const folder = statSync(asked).isDirectory() ? asked : dirname(asked);
  const workTree = workTreeAt(folder);
  const root = realpathSync(workTree?.folder ?? folder);
  const tree = treeFiles(root);
  const links = linkFiles(tree);
  const below = relative(root, asked).split(sep).join('/');
  const candidates = tree.paths
    .filter((one) => below === '' || one === below || one.startsWith(`${below}/`))
    .map((one) => ({ path: one, language: sourceLanguageOf(one), role: sourceRoleOf(one) }));
  const selected = selectFiles(candidates, options);
  const recent = options.since === null ? selected : changedSince(root, options.since, selected, links);
  const { files, skipped } = readFiles(tree, recent);
  const kept = [...files].sort(byRole).slice(0, options.maxFiles ?? files.length);
  const inspection = await inspectTree(root, { onProgress });
  const byPath = Map.groupBy(inspection.findings, (finding) => finding.path);
  const suppressed = Map.groupBy(inspection.suppressed, (finding) => finding.path);
  const unparsed = new Set(inspection.unparsed);
  const isCommitted = workTree !== null && workTree.commit !== null && workTree.changedFiles === 0;
  const texts = rememberedTexts(tree);
  return {
    repository: options.repository ?? repositoryNameOf(workTree, root),
    commit: workTree?.commit ?? null,
    isDirty: workTree !== null && workTree.changedFiles > 0,
    root,
    files: kept,
    paths: tree.paths,
    isGone: (one) => isCommitted && (!tree.holds(one) || texts.readText(one)?.trim() === ''),
    links,
    ...texts,
    findingsIn: (one) => byPath.get(one) ?? [],
    suppressedIn: (one) => suppressed.get(one) ?? [],
    isInspected: (one) => !unparsed.has(one),
    notes: notesOn({ workTree, skipped, leftOut: files.length - kept.length, inspection }),
  };
}

/** A neighbour of many files is read and cut once. */
function rememberedTexts(tree: TreeFiles): SourceTexts {
  const texts = new Map<string, string | null>();
  const sections = new Map<string, readonly SourceSection[]>();
  const paths = new Set(tree.paths);
  const readText = (path: string) => {
    const known = texts.get(path);
    // A name that is none of the tree's reads nothing of this machine.
    const text = known === undefined && paths.has(path) ? tree.readText(path) : (known ?? null);
    texts.set(path, text);
    return text;
  };
  return {
    readText,
    sectionsOf: (path) => {
      const found = sections.get(path) ?? sourceSections(path, readText(path) ?? '');
      sections.set(path, found);
      return found;
    },
  };
}

function changedSince(
  root: string,
  revision: string,
  files: readonly SelectedFile[],
  links: FileLinks,
): readonly SelectedFile[] {
  const changed = filesChangedSince(root, revision);
  return files.filter(
    ({ path }) => changed.has(path) || links.importsOf(path).some((one) => changed.has(one)),
  );
}

function readFiles(
  tree: TreeFiles,
  selected: readonly SelectedFile[],
): { readonly files: readonly ReviewedFile[]; readonly skipped: readonly string[] } {
  const files: ReviewedFile[] = [];
  const skipped: string[] = [];
  for (const file of selected) {
    const text = tree.readText(file.path);
    if (text?.trim() === '') continue;
    // A name that could not stand in a line is one that nobody can be told.
    const isNamed = !/\p{Cc}/u.test(file.path) && file.path.length <= 1_024;
    if (text === null || text.length > MOST_FILE_CHARACTERS || !isNamed) skipped.push(file.path);
    else files.push({ ...file, text });
  }
  return { files, skipped };
}

function notesOn(parts: {
  readonly workTree: WorkTree | null;
  readonly skipped: readonly string[];
  readonly leftOut: number;
  readonly inspection: Inspection;
}): readonly string[] {
  const { workTree, skipped, leftOut, inspection } = parts;
  return [
    ...(workTree === null
      ? ['No git repository holds the folder: the tree is known by its content alone.']
      : []),
    ...(workTree !== null && workTree.commit === null
      ? ['Nothing is committed yet: the tree is known by its content alone.']
      : []),
    ...(workTree !== null && workTree.commit !== null && workTree.changedFiles > 0
      ? [
          `${counted(workTree.changedFiles, 'file')} not as in commit ${workTree.commit.slice(0, 12)}: they are reviewed as they stand.`,
        ]
      : []),
    ...(skipped.length > 0 ? [`Too large or no text, and left out: ${some(skipped)}`] : []),
    ...(leftOut > 0 ? [`--max-files leaves ${counted(leftOut, 'file')} out.`] : []),
    ...(inspection.unparsed.length > 0
      ? [`Not parsed, and seen by no deterministic reviewer: ${some(inspection.unparsed)}`]
      : []),
  ];
}

function some(paths: readonly string[]): string {
  return `${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ` and ${paths.length - 5} more` : ''}`;
}

/** The commit's id; where there is none, a hash of the files in its place. */
export function stateOf({ commit, files }: Pick<ReviewedTree, 'commit' | 'files'>): string {
  return commit ?? sha256Hex(files.map(({ path, text }) => `${path}\n${sha256Hex(text)}\n`).join(''));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    throw usageFailure(`There is no folder ${JSON.stringify(path)} to review.`);
  }
}
