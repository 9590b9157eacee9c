import { joined, nameSignal, type PiiKind, shareOf } from '../pii-kind.ts';

const PHRASES = {
  names: [
    'salary',
    'salaries',
    'wage',
    'wages',
    'pay',
    'base pay',
    'payrate',
    'compensation',
    'hourly rate',
    'bonus',
    'remuneration',
    'gehalt',
    'lohn',
    'bruttolohn',
    'salaire',
    'salario',
    'sueldo',
    'stipendio',
    'stipend',
    'salaris',
    'loon',
    'wynagrodzenie',
    'pensja',
    'lon',
    'зарплата',
    'оклад',
    '給与',
    '年収',
    '工资',
    '薪资',
    '급여',
  ],
  hints: ['income', 'earnings', 'comp', 'ctc', 'take home', 'day rate'],
  denies: [
    'status',
    'date',
    'period',
    'grade',
    'currency',
    'band',
    'days',
    'type',
    'method',
    'id',
    'avg',
    'average',
    'mean',
    'median',
    'min',
    'max',
    'minimum',
    'maximum',
    'total',
    'sum',
    'range',
    'budget',
    'count',
    'frequency',
    'growth',
    'price',
    'rank',
    'level',
    'national',
    'per capita',
    'group',
  ],
};

const AMOUNT =
  /^(?:[\p{Sc}]|[A-Z]{3} ?)?\s?\d{1,3}(?:[.,' \u00a0]?\d{3})*(?:[.,]\d{1,2})?\s?[kK]?(?:\s?(?:\p{Sc}|[A-Z]{3}))?(?:\s?(?:\/|per|a|p\.)\s?[a-z.]{1,8})?$/u;
const PER_TIME =
  /(?:(?:\/|\bper |\ba )\s?(?:h|hr|hour|d|day|week|wk|month|mo|year|yr|annum)\b|\bp\.a\.|\bannually|\bhourly)/i;

/** `pii.pay`: what a person earns. Figures of a country, a job posting or a group are not. */
export const payKind: PiiKind = {
  tag: 'pii.pay',
  confidence(column, table) {
    const signal = nameSignal(column.name, PHRASES);
    const amounts = shareOf(column.values, isPlausibleAmount);
    if (signal === 'hints')
      return table.aboutPeople ? joined(signal, column, { share: amounts, aloneFrom: null }) : 0;
    if (signal === 'names') return joined(signal, column, { share: amounts, aloneFrom: null });
    const perTime = shareOf(column.values, (value) => isPlausibleAmount(value) && PER_TIME.test(value));
    return joined(signal, column, { share: perTime, aloneFrom: 0.6 });
  },
};

function isPlausibleAmount(value: string): boolean {
  if (!AMOUNT.test(value)) return false;
  const [integer = ''] = value.replace(/[^\d.,]/g, '').split(/[.,]\d{1,2}$/);
  const amount = Number(integer.replace(/\D/g, '')) * (/\dk\b/i.test(value) ? 1000 : 1);
  return amount >= 5 && amount <= 100_000_000;
}
