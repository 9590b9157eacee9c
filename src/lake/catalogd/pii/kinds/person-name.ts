import type { ColumnName } from '../column-name.ts';
import { FAMILY_NAMES, GIVEN_NAMES, HAN_FAMILY_NAMES } from '../known-names.ts';
import { joined, type NameSignal, nameSignal, type PiiKind, shareOf } from '../pii-kind.ts';

const PHRASES = {
  names: [
    'full name',
    'fullname',
    'first name',
    'firstname',
    'first nm',
    'last name',
    'lastname',
    'last nm',
    'middle name',
    'given name',
    'given names',
    'family name',
    'surname',
    'forename',
    'forenames',
    'maiden name',
    'nickname',
    'preferred name',
    'legal name',
    'person name',
    'name of person',
    'emp nm',
    'account holder',
    'card holder',
    'cardholder',
    'vorname',
    'nachname',
    'familienname',
    'prenom',
    'nom de famille',
    'nombre completo',
    'nombres',
    'apellido',
    'apellidos',
    'nome completo',
    'cognome',
    'sobrenome',
    'voornaam',
    'achternaam',
    'imie',
    'nazwisko',
    'имя',
    'фамилия',
    'отчество',
    'фио',
    '姓名',
    '氏名',
    'お名前',
    '성명',
    '이름',
  ],
  hints: [
    'name',
    'names',
    'nm',
    'nom',
    'nombre',
    'nome',
    'naam',
    'person',
    'people',
    'contact',
    'owner',
    'assignee',
    'employee',
    'candidate',
    'patient',
    'customer',
    'client',
    'manager',
    'recruiter',
    'applicant',
    'nominee',
    'attendee',
    'passenger',
    'driver',
    'mayor',
    'teacher',
    'student',
    'doctor',
    'physician',
    'guest',
    'tenant',
    'beneficiary',
    'spouse',
    'recipient',
    'sender',
    'signatory',
    'holder',
    'borrower',
    'speaker',
    'first',
    'last',
    'given',
    'family',
    '名前',
  ],
  denies: [
    'product',
    'company',
    'brand',
    'file',
    'host',
    'city',
    'state',
    'county',
    'country',
    'region',
    'school',
    'team',
    'event',
    'character',
    'ward',
    'department',
    'agency',
    'category',
    'subcategory',
    'genus',
    'species',
    'common',
    'scientific',
    'airport',
    'street',
    'display',
    'table',
    'column name',
    'dataset',
    'title',
    'domain',
    'server',
    'account name',
    'vendor',
    'supplier',
    'store',
    'author',
    'authors',
    'director',
    'actor',
    'artist',
    'writer',
    'composer',
    'designer',
    'creator',
    'creative',
    'user name',
    'username',
    'login',
    'length',
    'count',
    'id',
    'email',
    'phone',
    'tel',
    'date',
    'address',
    'hash',
    'status',
    'type',
    'model',
    'app',
    'package',
    'group',
    'bank',
    'business',
    'organization',
    'organisation',
    'plan',
    'role',
    'venue',
    '商品名',
    '会社名',
    '公司',
  ],
};

/** A word for a person right before `name` makes it one: `patient_name`, `borrowerName`. */
const PEOPLE: ReadonlySet<string> = new Set(
  'applicant attendee beneficiary borrower caller candidate client contact customer doctor driver emp employee guest member manager nurse owner parent passenger patient person physician player recipient recruiter sender speaker spouse staff student supervisor teacher tenant visitor volunteer worker'.split(
    ' ',
  ),
);

const WORD = /^[\p{L}\p{M}]+(?:['’.-][\p{L}\p{M}]+)*\.?,?$/u;
const HONORIFIC =
  /^(?:mr|mrs|ms|miss|mx|dr|prof|sir|jr|sr|ii|iii|iv|v|md|dds|phd|dvm|herr|frau|mme|m|mlle)\.?$/iu;
/** Words that places and firms named after people carry. */
const NOT_A_PERSON =
  /^(?:inc|llc|ltd|gmbh|ag|group|plc|co|corp|corporation|company|sons|and|und|et|the|of|port|lake|east|west|north|south|new|fort|saint|mount|city|town|county|park|airport|intl|field|municipal|state|university|college|school|hospital|bank|hotel|center|centre|shire)[.,]?$/iu;
const HAN = /^\p{Script=Han}{2,5}$/u;
const CYRILLIC_FAMILY = /(?:ов|ова|ев|ева|ёв|ёва|ин|ина|ский|ская|енко|вич|вна|чук|ян)$/u;

/** `pii.person_name`: given, family or full names. */
export const personNameKind: PiiKind = {
  tag: 'pii.person_name',
  confidence(column) {
    const signal = signalOf(column.name);
    if (signal === 'names') {
      return joined(signal, column, { share: shareOf(column.values, couldBeName), aloneFrom: null });
    }
    const share = shareOf(column.values, isKnownName);
    // Under a name that means something (a film's director, a ship), people's names are no more than a suspicion.
    return joined(signal, column, { share, aloneFrom: column.name.opaque ? 0.35 : null });
  },
};

function signalOf(name: ColumnName): NameSignal {
  const at = name.words.findIndex((word) => word === 'name' || word === 'nm');
  const before = name.words[at - 1];
  if (before !== undefined && PEOPLE.has(before)) return 'names';
  return nameSignal(name, PHRASES);
}

/** The shape alone: one to five words of letters, of which some script's capital or no case at all. */
function couldBeName(value: string): boolean {
  const words = wordsOf(value);
  return words.length >= 1 && words.length <= 5 && words.every((word) => WORD.test(word));
}

/** The shape, and a given or family name that is known. */
function isKnownName(value: string): boolean {
  if (HAN.test(value))
    return HAN_FAMILY_NAMES.has(value.slice(0, 2)) || HAN_FAMILY_NAMES.has(value.slice(0, 1));
  const words = wordsOf(value);
  if (words.length === 0 || words.length > 5) return false;
  if (!words.every((word) => WORD.test(word) && !NOT_A_PERSON.test(word) && startsUpper(word))) return false;
  return words.some((word) => {
    const plain = word
      .toLowerCase()
      .replace(/[.,]+$/, '')
      .normalize('NFD')
      .replace(/[\u0300-\u036f]/g, '');
    const known = plain.split(/['’-]/).some((part) => GIVEN_NAMES.has(part) || FAMILY_NAMES.has(part));
    return known || CYRILLIC_FAMILY.test(word.toLowerCase());
  });
}

function startsUpper(word: string): boolean {
  const [first = ''] = word;
  return first !== first.toLowerCase() || first === first.toUpperCase();
}

function wordsOf(value: string): readonly string[] {
  return value
    .slice(0, 80)
    .split(/\s+/)
    .filter((word) => word !== '' && !HONORIFIC.test(word));
}
