import { joined, nameSignal, type PiiKind, shareOf } from '../pii-kind.ts';

const PHRASES = {
  names: [
    'address',
    'addresses',
    'addr',
    'street',
    'street address',
    'residence',
    'anschrift',
    'adresse',
    'adres',
    'strasse',
    'straat',
    'direccion',
    'domicilio',
    'calle',
    'endereco',
    'rua',
    'indirizzo',
    'via',
    'ulica',
    'adresa',
    '住所',
    '地址',
    '주소',
    'адрес',
    'улица',
  ],
  denies: [
    'ip',
    'mac',
    'email',
    'e mail',
    'mail address',
    'web',
    'url',
    'wallet',
    'contract',
    'space',
    'memory',
    'hash',
    'bus',
    'count',
    'type',
    'id',
    'remote',
    'client',
    'city',
    'name',
  ],
};

const SUFFIXES =
  'alley|ally|aly|avenue|ave|av|boulevard|blvd|bridge|brook|bypass|camp|canyon|circle|cir|close|coves?|court|ct|crescent|cres|crossing|crossroad|dale|divide|drives?|dr|estates?|expressway|extension|fields?|flats?|fords?|forest|forge|forks?|freeway|gardens?|gateway|glens?|greens?|groves?|harbors?|haven|heights|highway|hwy|hills?|hollow|inlet|islands?|isle|junctions?|keys?|knolls?|lakes?|landing|lane|ln|light|loaf|locks?|lodge|loop|mall|manors?|meadows?|mews|mills?|mission|motorway|mount|mountain|neck|orchard|oval|overpass|parks?|parkway|pkwy|pass|passage|path|pike|pines?|place|pl|plains?|plaza|points?|ports?|prairie|radial|ramp|ranch|rapids?|rest|ridges?|river|roads?|rd|route|row|rue|run|shoals?|shores?|skyway|springs?|spur|squares?|sq|station|stravenue|stream|streets?|st|summit|terrace|ter|throughway|trace|track|trafficway|trail|trl|tunnel|turnpike|underpass|unions?|valleys?|viaduct|views?|villages?|ville|vista|walks?|wall|way|wells?';
/** A number, then words of which one is a street's kind: `1600 Pennsylvania Ave NW`. */
const NUMBER_FIRST = new RegExp(
  `^\\d{1,6}[a-z]?(?:[-/]\\d{1,4})?,? (?:[^\\d\\s,][^\\s,]{0,30} ){1,5}(?:${SUFFIXES})\\b`,
  'iu',
);
const STREET_FIRST =
  /^(?:(?:rue|avenue|boulevard|calle|avenida|av|plaza|via|viale|piazza|rua|ul|ulica|ulice|проспект|улица|ул)\.? .{2,60}|.{2,60}(?:stra(?:ß|ss)e|str\.|straat|weg|gasse|platz|allee|laan|plein|gatan|gata|vej|katu)),? ?\d{1,5}\p{L}?(?:[,\s/-].{0,80})?$/iu;
const PO_BOX = /^p\.? ?o\.? box \d/i;
const EAST_ASIAN = /(?:[都道府県省市区區県郡町村].{1,40}\d|路\d{1,5}号|街\d{1,5}号)/u;
const STREET_WORD = new RegExp(`\\b(?:${SUFFIXES})\\b`, 'iu');

/** `pii.address`: a street address; a city, state or postal code alone is not one. */
export const addressKind: PiiKind = {
  tag: 'pii.address',
  confidence(column) {
    const signal = nameSignal(column.name, PHRASES);
    const share = shareOf(column.values, signal === 'names' ? couldBeAddress : isStreetAddress);
    return joined(signal, column, { share, aloneFrom: 0.6 });
  },
};

function isStreetAddress(value: string): boolean {
  return NUMBER_FIRST.test(value) || STREET_FIRST.test(value) || PO_BOX.test(value) || EAST_ASIAN.test(value);
}

/** What an address may look like under a column that says it is one: words with a house number or a street's kind. */
function couldBeAddress(value: string): boolean {
  if (isStreetAddress(value)) return true;
  if (!/\p{L}{2}/u.test(value) || value.includes('@') || value.includes('://') || /^0x/i.test(value))
    return false;
  const words = value.split(/[\s,]+/u).length;
  return words >= 2 && (/\d/.test(value) || STREET_WORD.test(value));
}
