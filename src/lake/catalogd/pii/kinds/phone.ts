import { joined, nameSignal, type PiiKind, shareOf } from '../pii-kind.ts';

const PHRASES = {
  names: [
    'phone',
    'phones',
    'telephone',
    'mobile',
    'cell',
    'cellphone',
    'tel',
    'fax',
    'msisdn',
    'whatsapp',
    'callback',
    'telefon',
    'telefono',
    'telefone',
    'telefoonnummer',
    'telefonnummer',
    'handy',
    'handynummer',
    'mobilnummer',
    'celular',
    'cellulare',
    'movil',
    'portable',
    'gsm',
    '手机',
    '电话',
    '電話',
    '携帯',
    '전화',
    'телефон',
  ],
  denies: [
    'id',
    'model',
    'type',
    'os',
    'brand',
    'version',
    'app',
    'friendly',
    'lines',
    'count',
    'plan',
    'order',
    'sku',
    'screen',
    'verified',
    'date',
    'time',
    'part',
    'tracking',
    'invoice',
    'isbn',
    'required',
    'price',
  ],
};

/** Under a naming column: digits in any grouping, an extension. */
const LOOSE = /^\+?[\d\s().\-/\u2010-\u2015]{6,24}(?:\s?(?:x|ext\.?)\s?\d{1,6})?$/i;
/** Without the name’s help: an international number, of seven digits at least, or a North American one in a written form. */
const INTERNATIONAL =
  /(?<![\d.+])\+(?=[1-9](?:[\s.\-()]{0,4}\d){6})[1-9]\d{0,2}(?:[\s.\-()]{0,2}\d{1,5}){2,5}(?!\.?\d)/;
const NORTH_AMERICAN =
  /(?<![\d.+-])(?:1[-. ])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-.])[2-9]\d{2}[-.]\d{4}(?!\.?\d|-)/;
/** Of either form; the longer one has up to 39 signs, and two more say whether it ends there: a period may end a sentence. */
const OPEN = /[+\d(][\d\s.\-()]{0,41}$/;

/** Five digits: a year and a price have fewer. */
const BEGUN = /[+(]{0,2}\d(?:[\s.\-()]{0,2}\d){4,14}[\s.\-()]{0,2}$/;

/** `pii.phone`. */
export const phoneKind: PiiKind = {
  tag: 'pii.phone',
  confidence(column) {
    const signal = nameSignal(column.name, PHRASES);
    const strict = shareOf(column.values, (value) => INTERNATIONAL.test(value) || NORTH_AMERICAN.test(value));
    if (signal !== 'names') {
      // A written number inside a sentence is rarely anything else; a column of bare ones could be order numbers.
      const inText = shareOf(column.values, (value) => value.length > 24);
      return joined(signal, column, { share: strict, aloneFrom: inText > 0.5 ? 0.2 : 0.85 });
    }
    const share = shareOf(column.values, (value) => {
      const count = digitCount(value);
      return (LOOSE.test(value) && count >= 7 && count <= 15) || NORTH_AMERICAN.test(value);
    });
    return joined(signal, column, { share, aloneFrom: null });
  },
  inText: {
    holds: (text) => INTERNATIONAL.test(text) || NORTH_AMERICAN.test(text),
    open: OPEN,
    begun: BEGUN,
  },
};

function digitCount(text: string): number {
  return text.replace(/\D/g, '').length;
}
