import { parseSource } from '../../inspect/index.ts';
import { type CommentSyntax, commentSyntax } from './comment-syntax.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a text is prose of its author, and where it is data. Spans do not overlap. */
export interface SourceSpans {
  readonly comments: readonly Span[];
  /** With their quotes. */
  readonly strings: readonly Span[];
  /** No code is told from prose: the language is not known, or is one of documents. */
  readonly isProse: boolean;
}

/**
 * Finds comments and strings: by the syntax tree where there is a parser and the text is whole and parses, else by the
 * marks of the language. Where a language is not known there is neither.
 */
export function sourceSpans(path: string, language: string, text: string): SourceSpans {
  const script = /\.[cm]?[jt]sx?$/.test(path) ? scriptSpans(path, text) : null;
  if (script !== null) return script;
  const syntax = commentSyntax(path, language);
  return syntax === null ? { comments: [], strings: [], isProse: true } : scan(text, syntax);
}

function scriptSpans(path: string, text: string): SourceSpans | null {
  const file = parseSource(path, text);
  if (file === null) return null;
  const literals = file
    .nodesOf('Literal')
    .filter((node) => typeof node.value === 'string' || ('regex' in node && node.regex !== null));
  const strings: readonly Span[] = [
    ...literals,
    ...file.nodesOf('TemplateElement'),
    ...file.nodesOf('JSXText'),
  ];
  const shebang = /^#![^\n]*/.exec(text)?.[0].length ?? 0;
  return {
    comments: [...(shebang > 0 ? [{ start: 0, end: shebang }] : []), ...file.comments]
      .map(bare)
      .sort(byStart),
    strings: strings.map(bare).sort(byStart),
    isProse: false,
  };
}

const bare = ({ start, end }: Span): Span => ({ start, end });
const byStart = (a: Span, b: Span): number => a.start - b.start;

function scan(text: string, syntax: CommentSyntax): SourceSpans {
  const comments: Span[] = [];
  const strings: Span[] = [];
  for (let at = 0; at < text.length; ) {
    const comment = commentAt(text, at, syntax);
    if (comment !== null) {
      comments.push({ start: at, end: comment });
      at = comment;
      continue;
    }
    const end = stringAt(text, at, syntax);
    if (end !== null) {
      const isProse = syntax.docstrings && /^("""|''')/.test(text.slice(at, at + 3)) && isStatement(text, at);
      (isProse ? comments : strings).push({ start: at, end });
    }
    at = end ?? at + 1;
  }
  return { comments, strings, isProse: syntax.strings.length === 0 };
}

/** Where the comment that begins here ends; null where none begins. */
function commentAt(text: string, at: number, syntax: CommentSyntax): number | null {
  const block = syntax.block.find(([open]) => text.startsWith(open, at));
  if (block !== undefined) return blockEnd(text, at, block, syntax.nests);
  if (!syntax.line.some((mark) => text.startsWith(mark, at))) return null;
  if (syntax.afterSpace && at > 0 && !/\s/.test(text[at - 1] ?? '')) return null;
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

function blockEnd(
  text: string,
  at: number,
  [open, close]: readonly [string, string],
  nests: boolean,
): number {
  let depth = 1;
  let position = at + open.length;
  while (position < text.length) {
    if (nests && text.startsWith(open, position)) {
      depth++;
      position += open.length;
    } else if (text.startsWith(close, position)) {
      position += close.length;
      if (--depth === 0) return position;
    } else position++;
  }
  return text.length;
}

/** Where the string that begins here ends; null where none begins. One without an end ends with its line. */
function stringAt(text: string, at: number, syntax: CommentSyntax): number | null {
  if (syntax.lifetimes && text[at] === "'") {
    const character = /^'(?:\\[^']{1,10}|[^'\\])'/u.exec(text.slice(at, at + 16))?.[0];
    return character === undefined ? null : at + character.length;
  }
  const found = syntax.strings.find(({ open }) => text.startsWith(open, at));
  if (found === undefined) return null;
  for (let position = at + found.open.length; position < text.length; position++) {
    if (found.escapes && text[position] === '\\') position++;
    else if (text.startsWith(found.close, position)) return position + found.close.length;
    else if (text[position] === '\n' && !found.spansLines) return position;
  }
  return text.length;
}

/** Whether only white space stands before it on its line, and no code before that goes on: a text that no code uses. */
function isStatement(text: string, at: number): boolean {
  let before = at - 1;
  while (text[before] === ' ' || text[before] === '\t') before--;
  if (before >= 0 && text[before] !== '\n') return false;
  while (/\s/.test(text[before] ?? '')) before--;
  return !/[=(,[{+\\]/.test(text[before] ?? '');
}
