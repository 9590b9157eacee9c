/** The text as whoever runs or shows it sees it: escapes, entities, lists of character codes and letters written as tags read. */
export function decodedText(text: string): string {
  return unescaped(text)
    .replaceAll(/[\u{e0020}-\u{e007e}]/gu, (sign) =>
      String.fromCharCode((sign.codePointAt(0) ?? 0) - 0xe0000),
    )
    .replaceAll(/(?:\b(?:0x[0-9a-f]{2}|\d{2,3})\b[\s,]{1,3}){8,}(?:0x[0-9a-f]{2}|\d{2,3})\b/gi, fromCodes);
}

function fromCodes(list: string): string {
  const codes = (list.match(/0x[0-9a-f]{2}|\d{2,3}/gi) ?? []).map(Number);
  return codes.every((code) => (code >= 32 && code < 127) || code === 10)
    ? String.fromCharCode(...codes)
    : list;
}

/** The text with the escapes of programs, URLs and markup read. */
function unescaped(text: string): string {
  const character = (code: number) => (code <= 0x10ffff ? String.fromCodePoint(code) : ' ');
  return text
    .replaceAll(
      /\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|%([0-9a-f]{2})/gi,
      (_, a, b, c, d) => character(Number.parseInt(a ?? b ?? c ?? d, 16)),
    )
    .replaceAll(/&#x([0-9a-f]{1,6});/gi, (_, hex: string) => character(Number.parseInt(hex, 16)))
    .replaceAll(/&#(\d{1,7});/g, (_, digits: string) => character(Number(digits)))
    .replaceAll(/\\[nrt0]/g, ' ');
}

/** What runs of base64 or hex in the text say, where they say text. */
export function encodedTexts(text: string): readonly string[] {
  const hex = [...text.matchAll(/(?:[0-9a-f]{2}[\s:,]?){12,}/gi)].map(([run]) =>
    Buffer.from(run.replaceAll(/[^0-9a-f]/gi, ''), 'hex').toString('utf8'),
  );
  const base64 = [...text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)].map(([run]) =>
    Buffer.from(run, 'base64').toString('utf8'),
  );
  return [...hex, ...base64].filter((decoded) => /^[\p{L}\p{N}\p{P}\p{Zs}\s]{8,}$/u.test(decoded));
}
