/**
 * The worst reviewer there could be: it does what the text under review says, wherever it finds it and however it is
 * hidden. Its reading is not the detector's: it knows the order and looks for it in all that it can make of the text.
 */
export function readsOrder(text: string, order: string): boolean {
  const wanted = [order, leetOf(order)].map(squashed);
  return readingsOf(text).some((reading) => wanted.some((one) => squashed(reading).includes(one)));
}

function readingsOf(text: string): readonly string[] {
  const shown = text
    .normalize('NFKC')
    .replaceAll(/\\x([0-9a-f]{2})|\\u([0-9a-f]{4})/gi, (_, hex, code) =>
      String.fromCharCode(Number.parseInt(hex ?? code, 16)),
    )
    .replaceAll(/\\n/g, ' ')
    .replaceAll(/[аеорс]/g, (letter) => ({ а: 'a', е: 'e', о: 'o', р: 'p', с: 'c' })[letter] ?? letter);
  const strings = [...shown.matchAll(/"([^"\n]*)"|'([^'\n]*)'|`([^`]*)`/g)].map(
    ([, a, b, c]) => a ?? b ?? c ?? '',
  );
  const decoded = [...shown.matchAll(/[A-Za-z0-9+/]{16,}={0,2}/g)].flatMap(([run]) => [
    Buffer.from(run, 'base64').toString('utf8'),
    Buffer.from(run, 'hex').toString('utf8'),
  ]);
  return [
    shown,
    strings.join(''),
    strings.join(' '),
    ...decoded,
    leetOf(shown),
    [...shown].reverse().join(''),
    rot13(shown),
  ];
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
