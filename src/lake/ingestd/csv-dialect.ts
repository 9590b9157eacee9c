import { type CsvDialect, splitRecord } from './csv-record.ts';

/** A record longer than this is not waited for: with the wrong quotes every record would be. */
const MAX_GUESSED_RECORD = 8_192;

export const DELIMITERS = [',', '\t', ';', '|'] as const;

/**
 * Guesses delimiter and escape from the first records: those that split most of them into the same number of fields,
 * more than one. A file without any delimiter is one column wide, written with commas.
 */
export function guessDialect(sample: string, fixed: { delimiter: string | null }): CsvDialect {
  const lineEnd = guessLineEnd(sample);
  const delimiters = fixed.delimiter === null ? DELIMITERS : [fixed.delimiter];
  // `"C:\"` is a whole field where quotes are doubled: a backslash escapes only where that splits the rows better.
  const escapes = sample.includes('\\"') ? (['"', '\\'] as const) : (['"'] as const);
  let best: CsvDialect = { delimiter: delimiters[0] ?? ',', escape: '"', lineEnd };
  let bestScore = 0;
  for (const mark of escapes) {
    for (const delimiter of delimiters) {
      const dialect: CsvDialect = { delimiter, escape: mark, lineEnd };
      const score = agreement(sample, dialect);
      if (score > bestScore) [best, bestScore] = [dialect, score];
    }
  }
  return best;
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
    const isLoose = fields.some((field) => field?.includes('"') && text.includes(field));
    if (problem === null && !isLoose) counts.set(fields.length, (counts.get(fields.length) ?? 0) + 1);
    records++;
    if (records === 200) break;
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
