/** How a delimited file is written. */
export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: '"' | "'";
  /** `"`: a quote inside a quoted field is doubled, whichever quote it is; `\` escapes it. */
  readonly escape: '"' | '\\';
  readonly lineEnd: '\n' | '\r\n' | '\r';
}

/** One record of a delimited file, split. */
export interface SplitRecord {
  /** Null for an empty field without quotes; a quoted empty field is `''`. */
  readonly fields: readonly (string | null)[];
  /** `open_quote`: the record ended inside quotes. `after_quote`: text stood behind a closing quote. */
  readonly problem: 'open_quote' | 'after_quote' | null;
}

/**
 * Splits the text of one record. A quote opens a field only as its first character; elsewhere it is a character like
 * any other (RFC 4180, with the liberty that engines take).
 */
export function splitRecord(text: string, dialect: CsvDialect): SplitRecord {
  const { delimiter, quote } = dialect;
  const fields: (string | null)[] = [];
  let problem: SplitRecord['problem'] = null;
  let at = 0;
  for (;;) {
    if (text[at] === quote) {
      const quoted = readQuoted(text, at + 1, dialect);
      fields.push(quoted.value);
      if (quoted.end === -1) return { fields, problem: 'open_quote' };
      at = quoted.end;
      if (at < text.length && text[at] !== delimiter) {
        problem = 'after_quote';
        const next = text.indexOf(delimiter, at);
        at = next === -1 ? text.length : next;
      }
    } else {
      const next = text.indexOf(delimiter, at);
      const end = next === -1 ? text.length : next;
      fields.push(end === at ? null : text.slice(at, end));
      at = end;
    }
    if (at >= text.length) return { fields, problem };
    at += 1;
    if (at === text.length) return { fields: [...fields, null], problem };
  }
}

/** The value from behind an opening quote, and where the text goes on behind the closing one; -1 where there is none. */
function readQuoted(text: string, from: number, dialect: CsvDialect): { value: string; end: number } {
  let value = '';
  let at = from;
  for (;;) {
    const quote = text.indexOf(dialect.quote, at);
    if (quote === -1) return { value: value + text.slice(at), end: -1 };
    if (dialect.escape === '\\') {
      const escaped = text.indexOf('\\', at);
      if (escaped !== -1 && escaped < quote) {
        value += text.slice(at, escaped) + (text[escaped + 1] ?? '');
        at = escaped + 2;
        continue;
      }
    }
    value += text.slice(at, quote);
    if (text[quote + 1] !== dialect.quote || dialect.escape === '\\') return { value, end: quote + 1 };
    value += dialect.quote;
    at = quote + 2;
  }
}

/** A record as a delimited line that any engine reads back the same: nothing for null, everything else quoted. */
export function writeRecord(fields: readonly (string | null)[]): string {
  return `${fields.map((field) => (field === null ? '' : `"${field.replaceAll('"', '""')}"`)).join(',')}\n`;
}
