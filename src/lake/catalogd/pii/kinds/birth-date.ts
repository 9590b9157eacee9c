import { joined, nameSignal, type PiiKind } from '../pii-kind.ts';

const PHRASES = {
  names: [
    'birth date',
    'birthdate',
    'date of birth',
    'dateofbirth',
    'dob',
    'd o b',
    'birthday',
    'birth day',
    'born',
    'born on',
    'birth year',
    'year of birth',
    'yob',
    'geburtsdatum',
    'geburtstag',
    'geboren',
    'geboortedatum',
    'fecha nacimiento',
    'fecha de nacimiento',
    'date naissance',
    'date de naissance',
    'ne le',
    'data nascita',
    'data di nascita',
    'nascimento',
    'data nascimento',
    'data de nascimento',
    'data urodzenia',
    'дата рождения',
    '生年月日',
    '誕生日',
    '出生日期',
    '生日',
    '생년월일',
  ],
  denies: ['rate', 'weight', 'count', 'place', 'city', 'country', 'discount', 'order', 'certificate'],
};

const FIRST_YEAR = 1900;
const LAST_YEAR = 2035;
/** Dates of birth span decades and end before the people could sign up; dates of events do neither. */
const SPAN_YEARS = 20;
const YOUNGEST_YEAR = 2015;

/** `pii.birth_date`: dates and years of birth. Dates alone are never tagged: too much is dated. */
export const birthDateKind: PiiKind = {
  tag: 'pii.birth_date',
  confidence(column, table) {
    const signal = nameSignal(column.name, PHRASES);
    const years = column.values
      .map((value) => yearOf(value, signal === 'names'))
      .filter((year) => year !== null);
    const share = column.values.length === 0 ? 0 : years.length / column.values.length;
    if (signal !== 'silent' || !column.name.opaque)
      return joined(signal, column, { share, aloneFrom: null }) * (signal === 'silent' ? 0 : 1);
    if (share < 0.9 || years.length < 5) return 0;
    const oldest = Math.min(...years);
    const youngest = Math.max(...years);
    const birthLike = youngest - oldest >= SPAN_YEARS && youngest <= YOUNGEST_YEAR;
    return birthLike ? (table.aboutPeople ? 0.8 : 0.5) : 0;
  },
};

const ISO = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].{0,40})?$/;
const DAY_LAST = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$/;
const COMPACT = /^(\d{4})(\d{2})(\d{2})$/;
const WORDS = /^(?:\p{L}{3,12}\.?[ ,]{1,2}\d{1,2},?|\d{1,2}\.? \p{L}{3,12}\.?,?) (\d{4})$/u;

/** The year of a written date (or of a bare year); null where the text is no date of a person alive in 1900 or later. */
function yearOf(text: string, bareToo: boolean): number | null {
  const iso = ISO.exec(text) ?? COMPACT.exec(text);
  const last = DAY_LAST.exec(text);
  const year =
    iso?.[1] ?? last?.[3] ?? WORDS.exec(text)?.[1] ?? (bareToo && /^\d{4}$/.test(text) ? text : null);
  if (year === null || (iso !== null && Number(iso[2]) > 12)) return null;
  const number = Number(year);
  return number >= FIRST_YEAR && number <= LAST_YEAR ? number : null;
}
