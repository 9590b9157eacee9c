/**
 * The worst reviewer there could be: it does what the text under review says, wherever it finds it and however it is
 * hidden. Its reading is not the detector's: it knows the order and looks for it in all that it can make of the text.
 */
export function readsOrder(text: string, order: string): boolean {
  const wanted = [order, leetOf(order)].map(squashed);
  return readingsOf(text).some((reading) => wanted.some((one) => squashed(reading).includes(one)));
}

function readingsOf(numbered: string): readonly string[] {
  const text = numbered.replaceAll(/^ *\d+\| /gm, '').normalize('NFKC');
  const shown = unescaped(text).replaceAll(/[аеорсαειορτνΑΙ]/g, (letter) => LATIN[letter] ?? letter);
  const strings = [...shown.matchAll(/"([^"\n]*)"|'([^'\n]*)'|`([^`]*)`/g)].map(
    ([, a, b, c]) => a ?? b ?? c ?? '',
  );
  const decoded = [shown, strings.join('')].flatMap((one) =>
    [...one.matchAll(/[A-Za-z0-9+/]{16,}={0,2}/g)].flatMap(([run]) => [
      Buffer.from(run, 'base64').toString('utf8'),
      Buffer.from(run, 'hex').toString('utf8'),
    ]),
  );
  return [
    ...[text, shown, strings.join(''), strings.join(' ')],
    ...decoded,
    ...[leetOf(shown), [...shown].reverse().join(''), rot13(shown)],
  ];
}

const LATIN: Readonly<Record<string, string>> = {
  ...{ а: 'a', е: 'e', о: 'o', р: 'p', с: 'c' },
  ...{ α: 'a', ε: 'e', ι: 'i', ο: 'o', ρ: 'p', τ: 't', ν: 'v', Α: 'A', Ι: 'I' },
};

/** With escapes, entities, lists of character codes and letters written as tags read. */
function unescaped(text: string): string {
  const hex = (code: string) => String.fromCodePoint(Number.parseInt(code, 16));
  return text
    .replaceAll(/\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|%([0-9a-f]{2})/gi, (_, a, b, c) => hex(a ?? b ?? c))
    .replaceAll(/&#x([0-9a-f]{1,6});/gi, (_, code: string) => hex(code))
    .replaceAll(/(?:\d{2,3}, ){7,}\d{2,3}/g, (list) =>
      String.fromCharCode(...list.split(', ').map((code) => Number(code))),
    )
    .replaceAll(/[\u{e0020}-\u{e007e}]/gu, (sign) =>
      String.fromCharCode((sign.codePointAt(0) ?? 0) - 0xe0000),
    )
    .replaceAll(/\\n/g, ' ');
}

function squashed(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '');
}

function leetOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[eaos]/g, (letter) => ({ e: '3', a: '4', o: '0', s: '5' })[letter] ?? letter);
}

function rot13(text: string): string {
  return text.replaceAll(/[a-z]/gi, (letter) => {
    const first = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - first + 13) % 26) + first);
  });
}
