/**
 * JSON text in which everything a terminal, a log or a reader could take for more than text is an escape (K-14): control
 * characters, line separators, marks that reorder or hide text, lone surrogates. Parsed, it gives the same value.
 */
export function escapedJson(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value) ?? 'null');
}

/** Plain text with the same characters escaped; line breaks stay. */
export function escapedText(text: string): string {
  return text.split('\n').map(escapeUnsafe).join('\n');
}

const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
