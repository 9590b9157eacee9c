import { type Finding, type Node, type ParsedSource, parseSource } from '../inspect/index.ts';

/** Files of a project as texts, by path. */
export interface PlantingTree {
  readonly name: string;
  readonly files: ReadonlyMap<string, string>;
}

/** A change of one file that is, by how it was made, a defect of one rule, or none at all. */
export interface Planted {
  readonly rule: string;
  readonly path: string;
  readonly text: string;
  /** Whether a new finding of the rule speaks of this defect. */
  readonly isMeant: (finding: Finding) => boolean;
}

/** One file, parsed on its own: what the planter knows does not come from the reviewers. */
export interface PlantingFile {
  readonly project: PlantingTree;
  readonly path: string;
  readonly text: string;
  readonly isTest: boolean;
  readonly nodes: readonly Node[];
  parentOf(node: Node): Node | null;
  source(node: Node): string;
  /** The functions and classes around a node, joined by dots. */
  symbolAround(node: Node): string;
}

/** Null where the file does not parse. */
export function plantingFile(project: PlantingTree, path: string, text: string): PlantingFile | null {
  const parsed: ParsedSource | null = parseSource(path, text);
  if (parsed === null) return null;
  return {
    project,
    path,
    text,
    isTest: /(?:^|\/)(?:tests?|__tests__)\/|\.(?:test|spec)\.\w+$|(?:^|\/)test\.\w+$/.test(path),
    nodes: parsed.allNodes(),
    parentOf: parsed.parentOf,
    source: parsed.textOf,
    symbolAround: parsed.symbolAround,
  };
}

/** The text with one stretch replaced. */
export function replaced(
  text: string,
  span: { readonly start: number; readonly end: number },
  by: string,
): string {
  return text.slice(0, span.start) + by + text.slice(span.end);
}

/** The text with two lines of comment above the line of a place. */
export function commentedAbove(text: string, position: number): string {
  const at = text.lastIndexOf('\n', position) + 1;
  const comment = '// The order of what follows does not matter.\n// It is kept for readers.\n';
  return text.slice(0, at) + comment + text.slice(at);
}

export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/** The file with a defect that is meant by a finding near a place of the unchanged text. */
export function plantedAt(
  file: Pick<PlantingFile, 'path' | 'text'>,
  rule: Planted['rule'],
  text: string,
  place: { readonly position: number; readonly reachLines?: number },
): Planted {
  const { path } = file;
  const line = lineAt(file.text, place.position);
  const { reachLines = 1 } = place;
  const isMeant = (finding: Finding) => finding.path === path && Math.abs(finding.line - line) <= reachLines;
  return { rule, path, text, isMeant };
}
