import { addressesReviewer } from '../../inspect/index.ts';
import { type Span, sourceSpans } from './source-spans.ts';
import { holdsEncoded, isWithheld } from './withheld-text.ts';

/** A text as the blind pass shows it. */
export interface BlindText {
  /** With the lines of the original, so that what is cited can be found. */
  readonly text: string;
  /** Lines, from 1 of this text, from which words to a reviewer were taken. */
  readonly addressed: readonly number[];
}

/** How much is searched still for the strings of a row that say something together; then whole rows are taken. */
export interface SearchBudget {
  charactersLeft: number;
}

/** Of one file with its neighbours: a search reads each character some hundred times, and holds everybody up. */
export function searchBudget(): SearchBudget {
  return { charactersLeft: 20_000 };
}

const REMOVED = '[removed]';
const WITHHELD = '[text]';
/** Lines of prose that are read together. */
const WINDOW_LINES = 3;

/**
 * Takes from a source what its author says beside the program: comments where the language has them, sentences of strings in
 * other languages or encodings, and whatever in strings, names or plain text addresses a reviewer. Lines are kept.
 */
export function blindText(
  path: string,
  language: string,
  text: string,
  search: SearchBudget = searchBudget(),
): BlindText {
  const { comments, strings, isProse } = sourceSpans(path, language, text);
  const program = replaced(text, comments, blank);
  const hits = addressedStrings(program, strings, search);
  const withheld = withheldStrings(program, strings, hits);
  const gone = [...hits, ...withheld].sort((a, b) => a.start - b.start);
  const lines = replaced(program, gone, (part, span) =>
    inQuotes(part, hits.includes(span) ? REMOVED : WITHHELD),
  ).split('\n');
  const code = replaced(program, strings, blank).split('\n');
  const addressed = new Set(linesAt(text, hits));
  for (const at of isProse ? addressedProse(code) : addressedCode(code)) {
    lines[at] = (lines[at] ?? '').replaceAll(/[\p{L}\p{N}\p{M}\p{Cf}_$]+/gu, 'x');
    addressed.add(at + 1);
  }
  return {
    text: lines.map((line) => line.trimEnd()).join('\n'),
    addressed: [...addressed].sort((a, b) => a - b),
  };
}

/** Strings that address a reviewer, alone or put together with those beside them. */
function addressedStrings(text: string, strings: readonly Span[], search: SearchBudget): readonly Span[] {
  const contentOf = ({ start, end }: Span) => unquoted(text.slice(start, end));
  const hits = new Set(strings.filter((span) => addressesReviewer(contentOf(span), 'prose')));
  for (const group of neighbouring(text, strings)) {
    const isSpread = (spans: readonly Span[]) =>
      spans.length > 1 && joined(spans.map(contentOf)).some((text) => addressesReviewer(text, 'prose'));
    if (!isSpread(group)) continue;
    search.charactersLeft -= (group.at(-1)?.end ?? 0) - (group[0]?.start ?? 0);
    if (group.length > MOST_SEARCHED || search.charactersLeft < 0) {
      for (const span of group) hits.add(span);
      continue;
    }
    // The shortest run that says something, so that the strings around it stay.
    for (const count of TOGETHER) {
      for (let at = 0; at < group.length; at++) {
        const run = group.slice(at, at + count);
        if (!run.some((span) => hits.has(span)) && isSpread(run)) for (const span of run) hits.add(span);
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
  const rest = strings.filter((span) => text[span.start] !== '/' && !hits.includes(span));
  const contentOf = ({ start, end }: Span) => unquoted(text.slice(start, end));
  const alone = rest.filter((span) => isWithheld(contentOf(span)));
  const runs = neighbouring(
    text,
    rest.filter((span) => !alone.includes(span)),
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
function addressedProse(lines: readonly string[]): readonly number[] {
  const found = new Set<number>();
  for (let at = 0; at < lines.length; at++) {
    if (addressesReviewer(lines[at] ?? '', 'prose')) {
      found.add(at);
      continue;
    }
    const window = lines.slice(at, at + WINDOW_LINES);
    if (window.some((_, index) => found.has(at + index))) continue;
    if (addressesReviewer(window.join('\n'), 'prose'))
      for (const index of window.keys()) found.add(at + index);
  }
  return [...found];
}

/** Lines, from 0, whose names address a reviewer. */
function addressedCode(lines: readonly string[]): readonly number[] {
  const isSentence = (name: string) =>
    (name.match(/[A-Z]?[a-z]+|\d+|[A-Z]+/g) ?? []).length >= SENTENCE_WORDS;
  return lines.flatMap((line, at) => {
    if (addressesReviewer(line, 'code')) return [at];
    const names = line.match(/[\p{L}\p{N}_$]{12,}/gu) ?? [];
    return names.some((name) => isSentence(name) && addressesReviewer(name, 'prose')) ? [at] : [];
  });
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
