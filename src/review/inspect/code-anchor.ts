import { sha256Hex } from '../../base/index.ts';
import { parseRust } from './rust/rust-source.ts';
import { type ParsedSource, parseSource } from './syntax/parsed-source.ts';

/** A place that a finding names. */
export interface AnchorPlace {
  /** The functions and classes around the place, joined by dots; empty where none is known. */
  readonly symbol: string;
  /** From 1. */
  readonly line: number;
}

/** The code of one file by hash, so that a later look at it can tell whether a place has changed. */
export interface AnchoredCode {
  /** SHA-256 of the symbol's code; of the lines around the line where the file declares no such symbol. */
  anchorOf(place: AnchorPlace): string;
  /** Whether some place of the file has this anchor: the code is the same, wherever it has moved. */
  holds(anchor: string): boolean;
}

/** Lines above and below that belong to a place without a symbol. */
const LINES_AROUND = 3;

/** Reads a file of any language. White space is no code, nor are comments where the language has a parser here. */
export function anchoredCode(path: string, text: string): AnchoredCode {
  const symbols = symbolsOf(path, text);
  // A line break at the end of a file begins no line.
  const lines = text.replace(/\n$/, '').split('\n').map(squeezed);
  const around = (line: number) => {
    const at = Math.min(Math.max(1, line), lines.length) - 1;
    return sha256Hex(lines.slice(Math.max(0, at - LINES_AROUND), at + LINES_AROUND + 1).join('\n'));
  };
  let known: ReadonlySet<string> | null = null;
  return {
    anchorOf: ({ symbol, line }) => {
      const code = symbolCode(symbols, symbol);
      return code === null ? around(line) : sha256Hex(code);
    },
    holds: (anchor) => {
      known ??= new Set([
        ...[...symbols.values()].map((code) => sha256Hex(code)),
        ...lines.map((_, at) => around(at + 1)),
      ]);
      return known.has(anchor);
    },
  };
}

/** The code of a symbol by its path, or by its last name where only one has it: models leave the path out. */
function symbolCode(symbols: ReadonlyMap<string, string>, symbol: string): string | null {
  if (symbol === '') return null;
  const exact = symbols.get(symbol);
  if (exact !== undefined) return exact;
  const named = [...symbols].filter(([path]) => path.endsWith(`.${symbol}`));
  return named.length === 1 ? (named[0]?.[1] ?? null) : null;
}

function symbolsOf(path: string, text: string): ReadonlyMap<string, string> {
  if (path.endsWith('.rs')) return rustSymbols(path, text);
  if (!/\.[cm]?[jt]sx?$/.test(path)) return new Map();
  const file = parseSource(path, text);
  return file === null ? new Map() : scriptSymbols(file);
}

const NAMING_NODES = [
  ...([
    'FunctionDeclaration',
    'ClassDeclaration',
    'TSInterfaceDeclaration',
    'TSTypeAliasDeclaration',
  ] as const),
  ...(['TSEnumDeclaration', 'MethodDefinition', 'PropertyDefinition', 'Property'] as const),
  ...(['VariableDeclarator', 'AssignmentExpression', 'CallExpression'] as const),
] as const;

/** The outermost node of each symbol is the whole of it. */
function scriptSymbols(file: ParsedSource): ReadonlyMap<string, string> {
  const ranges = new Map<string, { readonly start: number; readonly end: number }>();
  for (const type of NAMING_NODES) {
    for (const node of file.nodesOf(type)) {
      const symbol = file.symbolAround(node);
      const known = ranges.get(symbol);
      if (symbol !== '' && (known === undefined || node.end - node.start > known.end - known.start))
        ranges.set(symbol, { start: node.start, end: node.end });
    }
  }
  return new Map([...ranges].map(([symbol, range]) => [symbol, codeOf(file.text, range, file.comments)]));
}

function rustSymbols(path: string, text: string): ReadonlyMap<string, string> {
  const rust = parseRust(path, text);
  const comments = ['line_comment', 'block_comment'].flatMap((kind) =>
    rust.nodesOf(kind).map((node) => ({ start: node.range().start.index, end: node.range().end.index })),
  );
  comments.sort((a, b) => a.start - b.start);
  const kinds = ['function_item', 'impl_item', 'struct_item', 'enum_item', 'trait_item', 'const_item'];
  return new Map(
    kinds.flatMap((kind) =>
      rust.nodesOf(kind).map((node) => {
        const { start, end } = node.range();
        const code = codeOf(text, { start: start.index, end: end.index }, comments);
        return [rust.symbolAround(node), code] as const;
      }),
    ),
  );
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function codeOf(text: string, { start, end }: Range, comments: readonly Range[]): string {
  let code = '';
  let at = start;
  for (const comment of comments) {
    if (comment.start < at || comment.end > end) continue;
    code += text.slice(at, comment.start);
    at = comment.end;
  }
  return squeezed(code + text.slice(at, end));
}

function squeezed(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
