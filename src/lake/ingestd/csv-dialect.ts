import { type CsvDialect, splitRecord } from './csv-record.ts';

/** A record longer than this is not waited for: with the wrong quotes every record would be. */
const MAX_GUESSED_RECORD = 8_192;

/** Records that a guess rests on. */
const SCORED_RECORDS = 200;

export const DELIMITERS = [',', '\t', ';', '|'] as const;

interface Guess {
  readonly dialect: CsvDialect;
  readonly score: number;
}

/**
 * Guesses delimiter, quote and escape from the first records: those that split most of them into the same number of
 * fields, more than one. A file without any delimiter is one column wide, written with commas. Single quotes are quotes
 * where most records have a field that they enclose, and none has one in double quotes: elsewhere they are apostrophes.
 */
export function guessDialect(sample: string, fixed: { delimiter: string | null }): CsvDialect {
  const double = bestOf(sample, fixed.delimiter, '"');
  if (!sample.includes("'") || quotedShare(sample, double.dialect) > 0) return double.dialect;
  const single = bestOf(sample, fixed.delimiter, "'");
  const isQuoted = single.score >= double.score && quotedShare(sample, single.dialect) > 0.5;
  return isQuoted ? single.dialect : double.dialect;
}

function bestOf(sample: string, delimiter: string | null, quote: CsvDialect['quote']): Guess {
  const lineEnd = guessLineEnd(sample);
  const delimiters = delimiter === null ? DELIMITERS : [delimiter];
  // `"C:\"` is a whole field where quotes are doubled: a backslash escapes only where that splits the rows better.
  const escapes = sample.includes(`\\${quote}`) ? (['"', '\\'] as const) : (['"'] as const);
  let best: Guess = {
    dialect: { delimiter: delimiters[0] ?? ',', quote, escape: '"', lineEnd },
    score: 0,
  };
  for (const mark of escapes) {
    for (const one of delimiters) {
      const dialect: CsvDialect = { delimiter: one, quote, escape: mark, lineEnd };
      const score = agreement(sample, dialect);
      if (score > best.score) best = { dialect, score };
    }
  }
  return best;
}

/** How many of the first records, from 0 to 1, have a field that is whole inside the quotes. */
function quotedShare(sample: string, dialect: CsvDialect): number {
  const { delimiter, quote } = dialect;
  let records = 0;
  let quoted = 0;
  for (const text of logicalLines(sample, dialect)) {
    const opens = text.startsWith(quote) || text.includes(delimiter + quote);
    if (opens && splitRecord(text, dialect).problem === null) quoted++;
    records++;
    if (records === SCORED_RECORDS) break;
  }
  return quoted / Math.max(1, records);
}

/** The first line end of the text; a file that mixes them is sorted row by row when the engine refuses it. */
function guessLineEnd(sample: string): CsvDialect['lineEnd'] {
  const found = /\r\n|\n|\r/.exec(sample)?.[0];
  return found === '\r\n' || found === '\r' ? found : '\n';
}

/** How many of the first records have as many fields as most of them do; 0 where that is one. */
function agreement(sample: string, dialect: CsvDialect): number {
  const counts = new Map<number, number>();
  let records = 0;
  for (const text of logicalLines(sample, dialect)) {
    const { fields, problem } = splitRecord(text, dialect);
    // Quotes that do not match, or stand inside a field, speak against a split.
    const isLoose =
      dialect.quote === '"' && fields.some((field) => field?.includes('"') && text.includes(field));
    if (problem === null && !isLoose) counts.set(fields.length, (counts.get(fields.length) ?? 0) + 1);
    records++;
    if (records === SCORED_RECORDS) break;
  }
  let score = 0;
  for (const [width, count] of counts) {
    // Ties go to the split into more fields.
    if (width > 1) score = Math.max(score, count / Math.max(1, records) + width / 1e6);
  }
  return score;
}

/** The records of a text, quoted line ends kept inside; the last may be cut off and is left out where others exist. */
function* logicalLines(sample: string, dialect: CsvDialect): Generator<string> {
  const lines = sample.split(/\r\n|\n|\r/);
  const whole = lines.length > 2 ? lines.slice(0, -1) : lines;
  let open = '';
  for (const line of whole) {
    const text = open === '' ? line : `${open}\n${line}`;
    if (splitRecord(text, dialect).problem === 'open_quote' && text.length < MAX_GUESSED_RECORD) {
      open = text;
      continue;
    }
    open = '';
    if (text !== '') yield text;
  }
}
