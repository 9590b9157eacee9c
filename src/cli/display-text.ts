/**
 * Text from outside (cells, names, messages of a server) made safe for a terminal (K-14): control characters, escape
 * sequences and marks that reorder text become visible escapes, `\x1b`; nothing of them reaches the terminal.
 */
export function displayText(text: string): string {
  return text.replaceAll(UNSAFE, (character) => {
    const short = SHORT_ESCAPES.get(character);
    if (short !== undefined) return short;
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** The same with line breaks kept, for text of several lines. */
export function displayLines(text: string): string {
  return text.split(/\r?\n/).map(displayText).join('\n');
}

/** A JSON value as one cell: text as it is, everything else as JSON; null is `∅`, so that it differs from text. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '∅';
  return displayText(typeof value === 'string' ? value : JSON.stringify(value));
}

/** C0, DEL and C1 controls; line and paragraph separators; bidirectional and invisible marks; lone surrogates. */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);
