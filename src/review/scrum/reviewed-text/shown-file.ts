import { addressesReviewer } from '../../inspect/index.ts';
import type { PackedInput } from '../packed-input.ts';
import { blindText, wordSearch } from './blind-text.ts';

/** A file as a model is shown it. */
export interface ShownFile {
  /** Path, language and numbered lines. */
  readonly text: string;
  readonly neighbours: readonly string[];
  hasLine(line: number): boolean;
  /** Lines of the file that address a reviewer; their words are not shown. */
  readonly addressed: readonly number[];
  /** What was sent of the file, each line at its place; lines between are empty. */
  readonly whole: string;
}

/** The file and its neighbours without what their authors say to a reviewer: what the blind pass sees. */
export async function blindFile(input: PackedInput): Promise<ShownFile> {
  const pieces = joinedPieces(input);
  const search = wordSearch();
  const blinded = [];
  for (const { text, firstLine } of pieces) {
    const blind = await blindText(input.path, input.language, text, search);
    blinded.push({ firstLine, ...blind, addressed: blind.addressed.map((line) => firstLine + line - 1) });
  }
  const neighbours: string[] = [];
  for (const { path, text } of input.neighbours) {
    const blind = await blindText(path, input.language, text, search);
    neighbours.push(shown(path, '', [{ firstLine: 1, text: blind.text }]));
  }
  return {
    text: shown(input.path, input.language, blinded),
    neighbours,
    addressed: blinded.flatMap(({ addressed }) => addressed),
    ...placesOf(pieces),
  };
}

/** The file as it is written, for suggestions, whose diffs must fit it. */
export function plainFile(input: PackedInput): Pick<ShownFile, 'text'> {
  return { text: shown(input.path, input.language, joinedPieces(input)) };
}

interface Piece {
  readonly firstLine: number;
  readonly text: string;
}

/** Pieces that follow each other are one: a comment or a text may begin in one and end in the next. */
function joinedPieces({ chunks }: PackedInput): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const { text, first_line: firstLine } of [...chunks].sort((a, b) => a.first_line - b.first_line)) {
    const last = pieces.at(-1);
    const goesOn = last !== undefined && last.firstLine + linesOf(last.text) === firstLine;
    if (goesOn) pieces.splice(-1, 1, { ...last, text: `${last.text.replace(/\n$/, '')}\n${text}` });
    else pieces.push({ firstLine, text });
  }
  return pieces;
}

/** Lines of a text; a line break at its end begins no other. */
function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

function placesOf(pieces: readonly Piece[]): Pick<ShownFile, 'hasLine' | 'whole'> {
  const ranges = pieces.map(({ firstLine, text }) => [firstLine, firstLine + linesOf(text) - 1] as const);
  return {
    hasLine: (line) => ranges.some(([first, last]) => line >= first && line <= last),
    whole: inPlace(pieces),
  };
}

function inPlace(pieces: readonly Piece[]): string {
  const lines: string[] = [];
  for (const { firstLine, text } of pieces) {
    while (lines.length < firstLine - 1) lines.push('');
    lines.push(...text.replace(/\n$/, '').split('\n'));
  }
  return `${lines.join('\n')}\n`;
}

function shown(path: string, language: string, pieces: readonly Piece[]): string {
  const numbered = pieces.map(({ firstLine, text }) =>
    text
      .replace(/\n$/, '')
      .split('\n')
      .map((line, index) => `${String(firstLine + index).padStart(5)}| ${line}`)
      .join('\n'),
  );
  const head = `path: ${shownPath(path)}${language === '' ? '' : `\nlanguage: ${language}`}`;
  return `${head}\n${numbered.join('\n  ...\n')}`;
}

/** A path may speak to a reviewer as well; then its end alone is shown. */
function shownPath(path: string): string {
  if (!addressesReviewer(path.replaceAll(/[^\p{L}\p{N}]+/gu, ' '), 'prose')) return path;
  return `[removed]${/\.[A-Za-z0-9]{1,8}$/.exec(path)?.[0] ?? ''}`;
}
