import { parseRust } from './rust/rust-source.ts';
import { parseSource } from './syntax/parsed-source.ts';

/** A stretch of a file that belongs together: a declaration of the top level, with what stands before it. */
export interface SourceSection {
  readonly text: string;
  /** From 1. */
  readonly firstLine: number;
}

/**
 * A file as its declarations of the top level, in order; joined by line breaks they are the file. Where the language has
 * no parser here, or the file does not parse, a section begins where an unindented line follows an empty one.
 */
export function sourceSections(path: string, text: string): readonly SourceSection[] {
  const lines = text.split('\n');
  const starts = [...new Set([1, ...declarationLines(path, text, lines)])].sort((a, b) => a - b);
  return starts.map((firstLine, at) => ({
    firstLine,
    text: lines.slice(firstLine - 1, (starts[at + 1] ?? lines.length + 1) - 1).join('\n'),
  }));
}

function declarationLines(path: string, text: string, lines: readonly string[]): readonly number[] {
  return (syntaxLines(path, text) ?? patternLines(lines)).map((line) => withLeadingComment(lines, line));
}

function syntaxLines(path: string, text: string): readonly number[] | null {
  if (path.endsWith('.rs')) {
    const kinds = ['function_item', 'impl_item', 'struct_item', 'enum_item', 'trait_item', 'mod_item'];
    const rust = parseRust(path, text);
    return kinds
      .flatMap((kind) => rust.nodesOf(kind))
      .filter((node) => node.parent()?.kind() === 'source_file')
      .map((node) => rust.lineOf(node));
  }
  if (!/\.[cm]?[jt]sx?$/.test(path)) return null;
  const file = parseSource(path, text);
  if (file === null) return null;
  const own = file.program.body.filter(({ type }) => type !== 'ImportDeclaration');
  return own.map(({ start }) => file.lineAt(start));
}

/** `def`, `func`, `class` and their like begin a line after an empty one, or a comment does that belongs to them. */
function patternLines(lines: readonly string[]): readonly number[] {
  return lines.flatMap((line, at) =>
    at > 0 && /^(?:[\p{L}_@#[<]|\/\/|\/\*|--)/u.test(line) && lines[at - 1]?.trim() === '' ? [at + 1] : [],
  );
}

/** Comments, attributes and decorators directly above a declaration are of it. */
function withLeadingComment(lines: readonly string[], line: number): number {
  let at = line;
  while (at > 1 && /^\s*(?:\/\/|\/\*|\*|#|--|@|\[)/.test(lines[at - 2] ?? '')) at -= 1;
  return at;
}
