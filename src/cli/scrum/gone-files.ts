import { extname } from 'node:path/posix';
import { type AnchoredCode, anchoredCode } from '../../review/inspect/index.ts';
import type { OpenFinding } from './iteration-client.ts';
import type { ReviewedTree } from './reviewed-tree.ts';

/** What became of files of open findings that the commit holds no more. */
export interface GoneFiles {
  /** Their findings end with them. */
  readonly paths: readonly string[];
  /** Findings whose code stands, unchanged, in a file that is reviewed: by that file. They stay open. */
  readonly moved: ReadonlyMap<string, readonly OpenFinding[]>;
}

/** A file that is not reviewed this time is not gone, nor is one whose code stands in such a file. */
export function goneFiles(tree: ReviewedTree, findings: readonly OpenFinding[]): GoneFiles {
  const byPath = Map.groupBy(
    findings.filter(({ path }) => tree.isGone(path)),
    ({ path }) => path,
  );
  const reviewed = new Set(tree.files.map(({ path }) => path));
  const placeOf = placesOfCode(tree);
  const paths: string[] = [];
  const moved = new Map<string, OpenFinding[]>();
  for (const [path, some] of byPath) {
    const places = some.map((finding) => placeOf(finding));
    if (places.some((place) => place !== null && !reviewed.has(place))) continue;
    paths.push(path);
    for (const [at, place] of places.entries()) {
      const finding = some[at];
      if (place !== null && finding !== undefined) moved.set(place, [...(moved.get(place) ?? []), finding]);
    }
  }
  return { paths, moved };
}

/** Finds the file that holds the code of a finding now, among those of its kind; each is taken apart once. */
function placesOfCode(tree: ReviewedTree): (finding: OpenFinding) => string | null {
  const known = new Map<string, AnchoredCode>();
  const codeOf = (path: string) => {
    const code = known.get(path) ?? anchoredCode(path, tree.readText(path) ?? '');
    known.set(path, code);
    return code;
  };
  return ({ anchor_hash: anchor, path }) => {
    if (anchor === null) return null;
    const alike = tree.paths.filter((one) => extname(one) === extname(path));
    return alike.find((one) => codeOf(one).holds(anchor)) ?? null;
  };
}
