import { joined, nameSignal, type PiiKind, shareOf } from '../pii-kind.ts';

const PHRASES = {
  names: [
    'card number',
    'card no',
    'cardnumber',
    'credit card',
    'debit card',
    'cc number',
    'cc num',
    'ccn',
    'pan',
    'kartennummer',
    'numero de carte',
    'numero tarjeta',
    '卡号',
    'カード番号',
  ],
  denies: ['type', 'last 4', 'last four', 'token', 'hash', 'brand', 'imei', 'serial', 'isbn', 'tracking'],
};

/** Where digits begin, possibly in groups by one space or hyphen; as many as a card may have. */
const CANDIDATE = /(?<![\dA-Za-z.-])(?=(\d(?:[ -]?\d){12,18}))/g;
const GOES_ON = /[\dA-Za-z-]/;
const FEWEST_DIGITS = 13;

/** Issuer prefixes with the lengths they are issued in (ISO/IEC 7812). */
const ISSUERS: readonly { readonly prefix: RegExp; readonly lengths: readonly number[] }[] = [
  { prefix: /^4/, lengths: [13, 16, 19] },
  { prefix: /^(?:5[1-5]|2(?:2[2-9]|[3-6]\d|7[01]|720))/, lengths: [16] },
  { prefix: /^3[47]/, lengths: [15] },
  { prefix: /^(?:6011|64[4-9]|65)/, lengths: [16, 19] },
  { prefix: /^35(?:2[89]|[3-8]\d)/, lengths: [16] },
  { prefix: /^3(?:0[0-5]|[689])/, lengths: [14] },
  { prefix: /^62/, lengths: [16, 17, 18, 19] },
];

/** `pii.card`: a payment card number by issuer prefix, length and the Luhn digit. */
export const cardKind: PiiKind = {
  tag: 'pii.card',
  confidence(column) {
    const share = shareOf(column.values, holdsCard);
    // One number in ten passes Luhn by chance, and few of those carry an issuer's prefix at its length.
    return joined(nameSignal(column.name, PHRASES), column, { share, aloneFrom: 0.6 });
  },
  inText: { holds: holdsCard, open: /\d[\d -]{0,37}$/, begun: /\d(?:[ -]?\d){4,18}[ -]?$/ },
};

/**
 * Every group of digits may begin a card, and each after it may end it: what stands around a number, another one or the month
 * in which the card expires, decides neither whether it is found, nor where the search began.
 */
function holdsCard(text: string): boolean {
  for (const { index, 1: digits = '' } of text.matchAll(CANDIDATE)) {
    for (let length = digits.length; length >= FEWEST_DIGITS; length--) {
      const endsHere = !GOES_ON.test(text.charAt(index + length)) && digits[length - 1] !== ' ';
      if (endsHere && isCardNumber(digits.slice(0, length))) return true;
    }
  }
  return false;
}

function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  const issued = ISSUERS.some(
    ({ prefix, lengths }) => lengths.includes(digits.length) && prefix.test(digits),
  );
  return issued && luhnSum(digits) % 10 === 0;
}

function luhnSum(digits: string): number {
  let sum = 0;
  for (let fromRight = 0; fromRight < digits.length; fromRight++) {
    const digit = Number(digits[digits.length - 1 - fromRight]);
    const weighted = fromRight % 2 === 1 ? digit * 2 : digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum;
}
