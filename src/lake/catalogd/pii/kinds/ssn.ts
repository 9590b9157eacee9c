import { joined, nameSignal, type PiiKind, shareOf } from '../pii-kind.ts';

const PHRASES = {
  names: ['ssn', 'ssns', 'social security', 'social security number', 'social', 'soc sec', 'taxpayer id'],
  hints: ['tin', 'itin', 'national id', 'tax id'],
  denies: ['ship', 'hash', 'type', 'verified', 'last'],
};

const DASHED = /^(\d{3})-(\d{2})-(\d{4})$/;
const IN_TEXT = /(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])/g;
const BARE = /^(\d{3})(\d{2})(\d{4})$/;

/** `pii.ssn`: a United States social security number by the SSA's rules of validity. */
export const ssnKind: PiiKind = {
  tag: 'pii.ssn',
  confidence(column) {
    const signal = nameSignal(column.name, PHRASES);
    const named = signal === 'names' || signal === 'hints';
    const share = shareOf(column.values, (value) => isValid(value, named));
    // Three-two-four digits are also lot and part numbers: under a name that means something else, only a suspicion.
    return joined(signal, column, { share, aloneFrom: column.name.opaque ? 0.95 : null });
  },
  inText: {
    holds: (text) => text.match(IN_TEXT)?.some((value) => isValid(value, false)) ?? false,
    open: /\d[\d-]{0,10}$/,
    begun: /\d{3}-\d{2}-?\d{0,4}$/,
  },
};

function isValid(value: string, bareToo: boolean): boolean {
  const padded = bareToo && /^\d{7,8}$/.test(value) ? value.padStart(9, '0') : value;
  const parts = DASHED.exec(padded) ?? (bareToo ? BARE.exec(padded) : null);
  if (parts === null) return false;
  const [, area = '', group, serial] = parts;
  return area !== '000' && area !== '666' && area < '900' && group !== '00' && serial !== '0000';
}
