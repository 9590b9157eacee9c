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

/** Digits, possibly in groups by one space or hyphen, not part of a longer run. */
const CANDIDATE = /(?<![\dA-Za-z.-])\d(?:[ -]?\d){12,18}(?![\dA-Za-z-])/g;

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
    const share = shareOf(column.values, (value) => value.match(CANDIDATE)?.some(isCardNumber) ?? false);
    // One number in ten passes Luhn by chance, and few of those carry an issuer's prefix at its length.
    return joined(nameSignal(column.name, PHRASES), column, { share, aloneFrom: 0.6 });
  },
  inText: {
    holds: (text) => text.match(CANDIDATE)?.some(isCardNumber) ?? false,
    open: /\d[\d -]{0,37}$/,
  },
};

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
