import { posix } from 'node:path';
import type { SourceRole } from '../../review/inspect/index.ts';

/** Which files of a tree are reviewed. */
export interface FileSelection {
  /** Folders, paths or glob patterns; everything that is a source where empty. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly languages: readonly string[];
  readonly roles: readonly SourceRole[];
  /** Null: no limit. */
  readonly maxFiles: number | null;
}

/** What is known of a file before it is read. */
export interface CandidateFile {
  readonly path: string;
  /** Null where it is no source. */
  readonly language: string | null;
  readonly role: SourceRole;
}

export interface SelectedFile extends CandidateFile {
  readonly language: string;
}

/** A file is asked for by the name of its language, or, whatever it holds, by a pattern that fits it. */
export function selectFiles(
  candidates: readonly CandidateFile[],
  selection: FileSelection,
): readonly SelectedFile[] {
  const { include, exclude, languages, roles } = selection;
  return candidates.flatMap((file): SelectedFile[] => {
    const isNamed = include.some((pattern) => matches(file.path, pattern));
    if (include.length > 0 && !isNamed) return [];
    if (exclude.some((pattern) => matches(file.path, pattern))) return [];
    if (roles.length > 0 && !roles.includes(file.role)) return [];
    const language = file.language ?? (isNamed ? 'text' : null);
    if (language === null || (languages.length > 0 && !languages.includes(language))) return [];
    return [{ ...file, language }];
  });
}

/** The files that run for users first, so that a limit leaves those out that matter least. */
export function byRole(a: CandidateFile, b: CandidateFile): number {
  const order: readonly SourceRole[] = ['production', 'test', 'example'];
  return order.indexOf(a.role) - order.indexOf(b.role) || (a.path < b.path ? -1 : 1);
}

function matches(path: string, pattern: string): boolean {
  const plain = pattern.replace(/^\.\//, '').replace(/\/$/, '');
  if (plain === '.' || path === plain || path.startsWith(`${plain}/`)) return true;
  return (
    posix.matchesGlob(path, plain) || (!plain.includes('/') && posix.matchesGlob(posix.basename(path), plain))
  );
}
