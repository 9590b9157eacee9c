import { reviewerDetector } from '../../inspect/index.ts';
import { type Span, sourceSpans } from './source-spans.ts';
import { holdsEncoded, isWithheld } from './withheld-text.ts';

/** A text as the blind pass shows it. */
export interface BlindText {
  /** With the lines of the original, so that what is cited can be found. */
  readonly text: string;
  /** Lines, from 1 of this text, from which words to a reviewer were taken. */
  readonly addressed: readonly number[];
}

/** The search for words to a reviewer in one file with its neighbours. */
export interface WordSearch {
  readonly addressesReviewer: ReturnType<typeof reviewerDetector>;
  /** How much is searched still for the strings of a row that say something together; then whole rows are taken. */
  charactersLeft: number;
}

/** A search of rows reads each character some hundred times, so there is an end to it. */
export function wordSearch(): WordSearch {
  return { addressesReviewer: reviewerDetector(), charactersLeft: 20_000 };
}

const REMOVED = '[removed]';
const WITHHELD = '[text]';
/** Lines of prose that are read together. */
const WINDOW_LINES = 3;

/**
 * Takes from a source what its author says beside the program: comments where the language has them, sentences of strings in
 * other languages or encodings, and whatever in strings, names or plain text addresses a reviewer. Lines are kept. Other work
 * runs in between, however long the source is.
 */
export async function blindText(
  path: string,
  language: string,
  text: string,
  search: WordSearch = wordSearch(),
): Promise<BlindText> {
  const { comments, strings, isProse } = sourceSpans(path, language, text);
  const program = replaced(text, comments, blank);
  const hits = await addressedStrings(program, strings, search);
  const withheld = withheldStrings(program, strings, hits);
  const isHit = new Set(hits);
  const gone = [...hits, ...withheld].sort((a, b) => a.start - b.start);
  const lines = replaced(program, gone, (part, span) =>
    inQuotes(part, isHit.has(span) ? REMOVED : WITHHELD),
  ).split('\n');
  const code = replaced(program, strings, blank).split('\n');
  const addressed = new Set(linesAt(text, hits));
  for (const at of await (isProse ? addressedProse(code, search) : addressedCode(code, search))) {
    lines[at] = (lines[at] ?? '').replaceAll(/[\p{L}\p{N}\p{M}\p{Cf}_$]+/gu, 'x');
    addressed.add(at + 1);
  }
  return {
    text: lines.map((line) => line.trimEnd()).join('\n'),
    addressed: [...addressed].sort((a, b) => a - b),
  };
}

/** Strings that address a reviewer, alone or put together with those beside them. */
async function addressedStrings(
  text: string,
  strings: readonly Span[],
  search: WordSearch,
): Promise<readonly Span[]> {
  const contentOf = ({ start, end }: Span) => unquoted(text.slice(start, end));
  const hits = new Set<Span>();
  for (const span of strings) if (await search.addressesReviewer(contentOf(span), 'prose')) hits.add(span);
  const isSpread = async (spans: readonly Span[]) => {
    if (spans.length < 2) return false;
    for (const text of joined(spans.map(contentOf)))
      if (await search.addressesReviewer(text, 'prose')) return true;
    return false;
  };
  for (const group of neighbouring(text, strings)) {
    if (!(await isSpread(group))) continue;
    search.charactersLeft -= (group.at(-1)?.end ?? 0) - (group[0]?.start ?? 0);
    if (group.length > MOST_SEARCHED || search.charactersLeft < 0) {
      for (const span of group) hits.add(span);
      continue;
    }
    // The shortest run that says something, so that the strings around it stay.
    for (const count of TOGETHER) {
      for (let at = 0; at < group.length; at++) {
        const run = group.slice(at, at + count);
        if (run.some((span) => hits.has(span)) || !(await isSpread(run))) continue;
        for (const span of run) hits.add(span);
      }
    }
  }
  return [...hits].sort((a, b) => a.start - b.start);
}

/** Cut words put together, words in a row, and such a row from its end. */
function joined(parts: readonly string[]): readonly string[] {
  return [parts.join(''), parts.join(' '), parts.toReversed().join(' ')];
}

/** Of a longer row of strings all are taken: a table that says something somewhere is not worth a search. */
const MOST_SEARCHED = 500;

/** How many strings in a row are read as one, from the fewest. */
const TOGETHER = [2, 3, 4, 6, 8, 12, 16, 24, 32, 64] as const;

/** Strings that are not shown, though they may say nothing to a reviewer. A regular expression is program. */
function withheldStrings(text: string, strings: readonly Span[], hits: readonly Span[]): readonly Span[] {
  const isHit = new Set(hits);
  const rest = strings.filter((span) => text[span.start] !== '/' && !isHit.has(span));
  const contentOf = ({ start, end }: Span) => unquoted(text.slice(start, end));
  const alone = new Set(rest.filter((span) => isWithheld(contentOf(span))));
  const runs = neighbouring(
    text,
    rest.filter((span) => !alone.has(span)),
  ).filter((group) => holdsEncoded(group.map(contentOf).join('')));
  return [...alone, ...runs.flat()];
}

/** Runs of strings with hardly anything between them: `'a' + 'b'`, `['a', 'b']`, lines of a table. */
function neighbouring(text: string, strings: readonly Span[]): readonly (readonly Span[])[] {
  const groups: Span[][] = [];
  for (const span of strings) {
    const last = groups.at(-1);
    const before = last?.at(-1);
    const between = before === undefined ? null : text.slice(before.end, span.start);
    if (last !== undefined && between !== null && /^[\s+,.&|()[\]{};:=\w$`]{0,80}$/.test(between))
      last.push(span);
    else groups.push([span]);
  }
  return groups.filter((group) => group.length > 1);
}

/** Lines, from 0, of a text without known syntax that address a reviewer, alone or with those after them. */
async function addressedProse(lines: readonly string[], search: WordSearch): Promise<readonly number[]> {
  const found = new Set<number>();
  for (let at = 0; at < lines.length; at++) {
    if (await search.addressesReviewer(lines[at] ?? '', 'prose')) {
      found.add(at);
      continue;
    }
    const window = lines.slice(at, at + WINDOW_LINES);
    if (window.some((_, index) => found.has(at + index))) continue;
    if (await search.addressesReviewer(window.join('\n'), 'prose'))
      for (const index of window.keys()) found.add(at + index);
  }
  return [...found];
}

/** Lines, from 0, whose names address a reviewer. */
async function addressedCode(lines: readonly string[], search: WordSearch): Promise<readonly number[]> {
  const found: number[] = [];
  for (const [at, line] of lines.entries()) if (await isAddressedCode(line, search)) found.push(at);
  return found;
}

async function isAddressedCode(line: string, search: WordSearch): Promise<boolean> {
  if (await search.addressesReviewer(line, 'code')) return true;
  for (const name of line.match(/[\p{L}\p{N}_$]{12,}/gu) ?? []) {
    const isSentence = (name.match(/[A-Z]?[a-z]+|\d+|[A-Z]+/g) ?? []).length >= SENTENCE_WORDS;
    if (isSentence && (await search.addressesReviewer(name, 'prose'))) return true;
  }
  return false;
}

/** Words of a name from which it may say something to a reader. */
const SENTENCE_WORDS = 4;

/** Another text in the quotes of a string, whose line breaks stay. */
function inQuotes(string: string, text: string): string {
  const quote = /^[a-z]?#*(["'`/])/i.exec(string)?.[1] ?? '';
  return `${quote}${text}${quote}${'\n'.repeat(string.split('\n').length - 1)}`;
}

/** As long as before, so that places stay. */
function blank(part: string): string {
  return part.replaceAll(/[^\n]/g, ' ');
}

function unquoted(string: string): string {
  return string.replace(/^[a-z]{0,2}#*["'`]{1,3}/i, '').replace(/["'`]{1,3}#*$/, '');
}

/** The text with each span replaced. */
function replaced(text: string, spans: readonly Span[], by: (part: string, span: Span) => string): string {
  let out = '';
  let at = 0;
  for (const span of spans) {
    out += text.slice(at, span.start) + by(text.slice(span.start, span.end), span);
    at = span.end;
  }
  return out + text.slice(at);
}

/** The lines, from 1, in which spans begin; the spans are in order. */
function linesAt(text: string, spans: readonly Span[]): readonly number[] {
  let line = 1;
  let at = 0;
  return spans.map(({ start }) => {
    for (; at < start; at++) if (text[at] === '\n') line++;
    return line;
  });
}
