import { parseRust, type RustNode, type RustSource, spanOf } from '../inspect/index.ts';
import type { PlantingTree } from './planting-file.ts';

/** One Rust file, parsed on its own, and what the tree around it calls and defines. */
export interface RustPlantingFile {
  readonly project: PlantingTree;
  readonly path: string;
  readonly text: string;
  readonly source: RustSource;
  /** Functions that are built for users, and those that the runner calls. */
  readonly functions: readonly RustNode[];
  readonly tests: readonly RustNode[];
}

export function rustPlantingFile(project: PlantingTree, path: string, text: string): RustPlantingFile {
  const source = parseRust(path, text);
  const all = source.nodesOf('function_item');
  const isProduction = source.role === 'production';
  return {
    project,
    path,
    text,
    source,
    functions: all.filter((node) => isProduction && node.field('body') !== null && !source.isTestCode(node)),
    tests: all.filter((node) => leadingLines(text, node).some((line) => /^#\[(?:\w+::)*test\b/.test(line))),
  };
}

/** The lines of attributes and comments right above a node, the nearest first. */
export function leadingLines(text: string, node: RustNode): readonly string[] {
  const lines = text.slice(0, spanOf(node).start).split('\n').slice(0, -1).reverse();
  const leading: string[] = [];
  for (const line of lines) {
    if (!/^\s*(?:#\[|\/\/)/.test(line)) break;
    leading.push(line.trim());
  }
  return leading;
}

/** The place of the one definition of a function or type in the tree's production code; null where there are more, or none. */
export function soleRustDefinition(
  { project }: RustPlantingFile,
  name: string,
): { readonly path: string; readonly isPublic: boolean; readonly isOfTrait: boolean } | null {
  const defines = new RegExp(
    `^([ \\t]*)((?:pub(?:\\([^)]*\\))? )?)(?:(?:async|const|unsafe) )*(?:fn|struct|enum) ${name}\\b`,
    'gm',
  );
  const found = [...project.files].flatMap(([path, text]) =>
    path.endsWith('.rs')
      ? [...productionText(text).matchAll(defines)].map((match) => ({ path, text, match }))
      : [],
  );
  const [first] = found;
  if (found.length !== 1 || first === undefined || isTestPath(first.path)) return null;
  // The line of the `impl` or `trait` that an indented function stands in.
  const before = productionText(first.text).slice(0, first.match.index).split('\n').reverse();
  const holder =
    before.find((line) => /^\s*(?:pub(?:\([^)]*\))? )?(?:unsafe )?(?:impl|trait)\b/.test(line)) ?? '';
  const isIndented = first.match[1] !== '';
  return {
    path: first.path,
    isPublic: first.match[2] === 'pub ',
    isOfTrait: isIndented && (/\bfor\b/.test(holder) || /\btrait\b/.test(holder)),
  };
}

/** How often production code of the tree names something, but for definitions, `use`, its own `impl` blocks and comments. */
export function rustMentions({ project }: RustPlantingFile, name: string): number {
  let count = 0;
  const own = new RegExp(`\\b(?:fn|struct|enum|type) ${name}\\b`, 'g');
  for (const [path, text] of project.files) {
    if (!path.endsWith('.rs') || isTestPath(path)) continue;
    const code = withoutOwnImpls(productionText(text), name)
      .replaceAll(/^\s*(?:pub(?:\([^)]*\))? )?use [^;]*;/gm, '')
      .replaceAll(own, '');
    count += code.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
  }
  return count;
}

/** A type's own `impl` blocks make it, and call it nowhere. */
function withoutOwnImpls(text: string, name: string): string {
  const header = new RegExp(`^impl\\b[^{;]*\\b${name}\\b[^{;]*\\{[\\s\\S]*?^\\}`, 'gm');
  return text.replaceAll(header, '');
}

/** Whether what is public may have callers outside: the tree builds no program, or is a published library beside one. */
export function isRustLibrary({ project }: RustPlantingFile): boolean {
  const paths = [...project.files.keys()];
  const isPublished =
    project.files.has('src/lib.rs') && /^description\b/m.test(project.files.get('Cargo.toml') ?? '');
  return isPublished || !paths.some((path) => /(?:^|\/)src\/(?:main\.rs|bin\/)/.test(path));
}

/** Without comments, and without the modules of tests that stand at the end of a file. */
function productionText(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    .replace(/^#\[cfg\((?:all\()?test\b[^\]]*\]\s*(?:pub(?:\([^)]*\))? )?mod \w+ \{[\s\S]*$/m, '');
}

function isTestPath(path: string): boolean {
  return /(?:^|\/)(?:tests?|benches|examples)\/|(?:^|[/_])tests?\.rs$/.test(path);
}
