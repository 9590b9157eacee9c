/** Where claims are made. */
export type ClaimDocument = 'message' | 'pull request' | 'CHANGELOG.md';

/** A text in which claims are looked for. `lineNumbers` maps its lines to those of the file it was taken from. */
export interface ClaimText {
  readonly document: ClaimDocument;
  readonly text: string;
  readonly lineNumbers?: readonly number[];
}

/** A sentence, a list item or a heading; its text is the document's with line breaks as blanks, so that places agree. */
export interface Sentence {
  readonly text: string;
  /** Of the first character in the document, in UTF-16 units. */
  readonly start: number;
  readonly block: Block;
}

/** A paragraph, a list item, a heading or a table. */
export interface Block {
  readonly kind: 'subject' | 'prose' | 'item' | 'table';
  /** Whether a list item carries a checked box; null where it has none. */
  readonly checked: boolean | null;
  readonly text: string;
  readonly start: number;
}

export interface Passages {
  readonly source: ClaimText;
  readonly blocks: readonly Block[];
  readonly sentences: readonly Sentence[];
  /** Whether the place stands in a step of a squashed change, which a later step may have undone. */
  isInStep(position: number): boolean;
}

/** More than a person writes of one change. */
const MOST_CHARACTERS = 200_000;
/** Patterns look at one block at a time, and what they cost grows faster than its length. */
const MOST_BLOCK_CHARACTERS = 4_000;
const MOST_BLOCKS = 2_000;

/**
 * Takes a document apart. Code blocks and quotations are what others said, and trailers name people: no claims are
 * looked for there.
 */
export function passagesOf(source: ClaimText): Passages {
  const text = source.text.slice(0, MOST_CHARACTERS);
  const blocks = blocksOf(text, source.document === 'message');
  const sentences = blocks
    .filter(({ kind }) => kind !== 'table')
    .flatMap((block) =>
      sentencesOf(block.text).map((one) => ({ ...one, start: block.start + one.start, block })),
    );
  return { source, blocks, sentences, isInStep: stepsOf(source, blocks) };
}

/** What a code host makes of several commits: their subjects as items, below one that ends with the request's number. */
function stepsOf({ document, text }: ClaimText, blocks: readonly Block[]): Passages['isInStep'] {
  const first = blocks.findIndex(({ kind, text: item }) => kind === 'item' && /^\s*\*\s/.test(item));
  const isSquashed = document === 'message' && /^[^\n]*\(#\d+\)\s*(?:\n|$)/.test(text) && first >= 0;
  // What follows a subject is that step's own words.
  const from = isSquashed ? (blocks[first]?.start ?? text.length) : text.length;
  return (position) => position >= from;
}

/** From 1; of the file where the document was taken from one. */
export function lineOf({ text, lineNumbers }: ClaimText, position: number): number {
  const line = text.slice(0, position).split('\n').length;
  return lineNumbers?.[line - 1] ?? line;
}

function blocksOf(text: string, hasSubject: boolean): readonly Block[] {
  const groups: { readonly kind: Block['kind']; readonly lines: Line[] }[] = [];
  let isOpen = false;
  let fence: string | null = null;
  for (const line of linesOf(text)) {
    const mark = /^\s*(```|~~~)/.exec(line.text)?.[1];
    const isFence = mark !== undefined && (fence === null || fence === mark);
    if (isFence) fence = fence === null ? mark : null;
    if (isFence || fence !== null || isIgnored(line.text)) {
      isOpen = false;
      continue;
    }
    const kind = kindOf(line.text, hasSubject && line.start === 0);
    const last = isOpen ? groups.at(-1) : undefined;
    // Prose goes on with the item before it; every other kind begins a block of its own.
    const goesOn =
      last !== undefined &&
      (kind === 'table' ? last.kind === kind : kind === 'prose' && last.kind !== 'table');
    if (goesOn) last.lines.push(line);
    else groups.push({ kind, lines: [line] });
    isOpen = kind !== 'subject' && !/^#{1,6}\s/.test(line.text);
  }
  return groups.slice(0, MOST_BLOCKS).map(({ kind, lines }) => blockOf(kind, lines));
}

interface Line {
  readonly text: string;
  readonly start: number;
}

function linesOf(text: string): readonly Line[] {
  let start = 0;
  return text.split('\n').map((line) => {
    const one = { text: line, start };
    start += line.length + 1;
    return one;
  });
}

function isIgnored(line: string): boolean {
  return line.trim() === '' || /^\s*>/.test(line) || /^[A-Z][\w-]+-(?:by|to|on|id):\s/i.test(line);
}

function kindOf(line: string, isFirst: boolean): Block['kind'] {
  if (isFirst) return 'subject';
  if (/^\s*\|.*\|\s*$/.test(line)) return 'table';
  return /^\s*(?:[-*+]|\d+[.)])\s/.test(line) ? 'item' : 'prose';
}

function blockOf(kind: Block['kind'], lines: readonly Line[]): Block {
  const text = lines
    .map((line) => line.text)
    .join(kind === 'table' ? '\n' : ' ')
    .slice(0, MOST_BLOCK_CHARACTERS);
  const box = kind === 'item' ? /^\s*[-*+]\s\[([ xX])\]/.exec(text)?.[1] : undefined;
  return { kind, text, start: lines[0]?.start ?? 0, checked: box === undefined ? null : box !== ' ' };
}

/** Sentences end with a mark, white space and what can begin another; `e.g.` and `src/a.ts` do not end one. */
function sentencesOf(text: string): readonly { text: string; start: number }[] {
  const found: { text: string; start: number }[] = [];
  let from = 0;
  const push = (to: number) => {
    const part = text.slice(from, to);
    if (part.trim() !== '') found.push({ text: part, start: from });
    from = to;
  };
  for (const { index } of text.matchAll(/(?<=[\w)\]`'"’”%][.!?]|;)\s+(?=[A-Z`“"\d↑])/g)) push(index);
  push(text.length);
  return found;
}
