const MOST_CODE_CHARACTERS = 300;

/** Text as code: no markup, no mention of a person, no link, no line break, and nothing that reorders it. */
export function markdownCode(text: string): string {
  const plain = text
    .slice(0, MOST_CODE_CHARACTERS)
    .replaceAll(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, '�')
    .replaceAll('`', 'ˋ')
    .replaceAll('|', '\\|');
  return `\`${plain}\``;
}
