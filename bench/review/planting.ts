import { createHash } from 'node:crypto';
import { type Node, parseSync, visitorKeys } from 'oxc-parser';
import type { Finding } from '../../src/review/inspect/index.ts';
import type { Project } from './projects.ts';

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
  readonly project: Project;
  readonly path: string;
  readonly text: string;
  readonly isTest: boolean;
  readonly nodes: readonly Node[];
  parentOf(node: Node): Node | null;
  source(node: Node): string;
}

export function plantingFile(project: Project, path: string, text: string): PlantingFile | null {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) return null;
  const parents = new Map<Node, Node | null>();
  const visit = (node: Node, parent: Node | null): void => {
    parents.set(node, parent);
    for (const key of visitorKeys[node.type] ?? []) {
      const below: unknown = Reflect.get(node, key);
      for (const one of Array.isArray(below) ? below : [below]) if (isNode(one)) visit(one, node);
    }
  };
  visit(program, null);
  return {
    project,
    path,
    text,
    isTest: /(?:^|\/)(?:tests?|__tests__)\/|\.(?:test|spec)\.\w+$|(?:^|\/)test\.\w+$/.test(path),
    nodes: [...parents.keys()],
    parentOf: (node) => parents.get(node) ?? null,
    source: (node) => text.slice(node.start, node.end),
  };
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The text with one stretch replaced. */
export function replaced(
  text: string,
  span: { readonly start: number; readonly end: number },
  by: string,
): string {
  return text.slice(0, span.start) + by + text.slice(span.end);
}

export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/** A finding in the file, near a line. */
export function near(path: string, line: number, reach = 1): (finding: Finding) => boolean {
  return (finding) => finding.path === path && Math.abs(finding.line - line) <= reach;
}

/** An order that is the same in every run and has nothing to do with names or places. */
export function shuffled<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const hash = (item: T) => createHash('sha256').update(keyOf(item)).digest('hex');
  return [...items]
    .map((item) => ({ item, key: hash(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ item }) => item);
}
