import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ParseResult, type Program, parseSync } from 'oxc-parser';

/** One TypeScript source of this repository, parsed. */
export interface SourceFile {
  /** From the root of the repository, with forward slashes: `src/base/ids.ts`. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly module: ParseResult['module'];
}

/** Any node of the syntax tree, seen by what the checks ask for. */
export type SyntaxNode = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly start: number;
};

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The TypeScript files below these folders, sorted; tests and fixtures only when asked for. */
export function sourceTree(folders: readonly string[], options = { tests: false }): readonly SourceFile[] {
  return folders
    .flatMap((folder) =>
      readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' }).map(
        (name) => `${folder}/${name.replaceAll('\\', '/')}`,
      ),
    )
    .filter((path) => path.endsWith('.ts') && (options.tests || !isTest(path)))
    .sort()
    .map(parsed);
}

/** Whether the file exists for tests alone. */
export function isTest(path: string): boolean {
  return (
    /\.(?:test|fixture|contract)\.ts$/.test(path) || path.startsWith('test/') || path.includes('/fixtures/')
  );
}

/** Calls back for a node and everything below it, with the node's ancestors from the outside in. */
export function walk(
  node: unknown,
  visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void,
  ancestors: readonly SyntaxNode[] = [],
): void {
  if (Array.isArray(node)) {
    for (const member of node) walk(member, visit, ancestors);
    return;
  }
  if (!isNode(node)) return;
  visit(node, ancestors);
  const below = [...ancestors, node];
  for (const member of Object.values(node)) {
    if (typeof member === 'object' && member !== null) walk(member, visit, below);
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** `line 12` of a position in the text. */
export function lineAt(file: SourceFile, position: number): string {
  return `line ${file.text.slice(0, position).split('\n').length}`;
}

function parsed(path: string): SourceFile {
  const text = readFileSync(`${ROOT}${path}`, 'utf8');
  const { program, module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  return { path, text, program, module };
}
