/**
 * What a cell's text can be read as, by Iceberg's names. A type is only given to a column when reading its texts as
 * that type loses nothing: `007`, `+49`, `1_000` and ` 5` stay text, dates are ISO 8601 or text.
 */
export type CellType =
  | 'boolean'
  | 'long'
  | 'decimal(38, 0)'
  | 'double'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'string';

const INTEGER = /^(?:0|-?[1-9]\d{0,37})$/;
const DECIMAL_TEXT = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const DOUBLE = /^-?(?:(?:0|[1-9]\d{0,14})(?:\.\d{1,17})?|\.\d{1,17})(?:[eE][+-]?\d{1,2})?$/;
const BOOLEAN = /^(?:true|false)$/i;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?$/;
const TIMESTAMP = /^(\d{4}-\d\d-\d\d)[ T]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?$/;
const ZONED = /^(.+?)(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MAX_SIGNIFICANT_DIGITS = 17;

/** The narrowest type of one text. */
export function cellTypeOf(text: string): CellType {
  const first = text.charCodeAt(0);
  // Most texts begin with a letter and are neither true nor false.
  const isNumeric = (first >= 48 && first <= 57) || first === 45 || first === 46;
  if (!isNumeric) return BOOLEAN.test(text) ? 'boolean' : 'string';
  if (INTEGER.test(text)) return isLong(text) ? 'long' : 'decimal(38, 0)';
  if (isDouble(text)) return 'double';
  if (isDate(text)) return 'date';
  if (isTimestamp(text)) return 'timestamp';
  return isZoned(text) ? 'timestamptz' : 'string';
}

/**
 * The narrowest type that reads both without loss. Whole numbers join fractions as `double` only up to 15 digits, which
 * is what `exact` says of the whole numbers seen.
 */
export function joinTypes(a: CellType, b: CellType, exact: boolean): CellType {
  if (a === b) return a;
  const pair = new Set([a, b]);
  if (pair.has('long') && pair.has('decimal(38, 0)')) return 'decimal(38, 0)';
  if (pair.has('long') && pair.has('double')) return exact ? 'double' : 'string';
  if (pair.has('date') && pair.has('timestamp')) return 'timestamp';
  return 'string';
}

/** Whether a text can be read as an Iceberg primitive type without loss. */
export function accepts(type: string, text: string): boolean {
  switch (type) {
    case 'string':
      return true;
    case 'boolean':
      return BOOLEAN.test(text);
    case 'int':
      return INTEGER.test(text) && text.length <= 11 && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31;
    case 'long':
      return INTEGER.test(text) && isLong(text);
    case 'float':
    case 'double':
      return isDouble(text);
    case 'date':
      return isDate(text);
    case 'time':
      return TIME.test(text);
    case 'timestamp':
      return isTimestamp(text) || isDate(text);
    case 'timestamptz':
      return isZoned(text);
    case 'uuid':
      return UUID.test(text);
    default:
      return acceptsDecimal(type, text);
  }
}

/** Whether text columns of this Iceberg type can be read at all. */
export function isReadableType(type: string): boolean {
  return /^(?:string|boolean|int|long|float|double|date|time|timestamp|timestamptz|uuid|decimal\(\d+, ?\d+\))$/.test(
    type,
  );
}

/** What a refused value should have been, for people. */
export function expectation(type: string): string {
  const texts: Readonly<Record<string, string>> = {
    boolean: 'true or false',
    int: 'a whole number between -2147483648 and 2147483647, without leading zeros',
    long: 'a whole number of 64 bits, without leading zeros',
    float: 'a number',
    double: 'a number of at most 17 digits',
    date: 'a date, YYYY-MM-DD',
    time: 'a time, HH:MM:SS',
    timestamp: 'a time stamp, YYYY-MM-DD HH:MM:SS',
    timestamptz: 'a time stamp with its zone, YYYY-MM-DDTHH:MM:SSZ',
    uuid: 'a UUID in lower case',
  };
  return texts[type] ?? `a number that fits ${type}`;
}

/**
 * SQL that reads a text expression as `engineType`, and fails the statement on a text that `accepts` refuses. The text
 * must come back the same from the read value, or have one of the closed forms: the engine's own casts round `1.5` to
 * 2, trim, and take `1_000` and `1e3` for whole numbers. `value` names `TRY_CAST(text AS engineType)` where a query
 * below has it already: inside a CASE the engine works it out for each mention.
 */
export function checkedCast(
  text: string,
  type: string,
  engineType: string,
  value = `TRY_CAST(${text} AS ${engineType})`,
): string {
  if (type === 'string') return text;
  return (
    `CASE WHEN ${acceptance(text, value, type)} THEN ${value} WHEN ${text} IS NULL OR ${text} = '' THEN NULL ` +
    `ELSE CAST(error('unfit value') AS ${engineType}) END`
  );
}

function acceptance(text: string, value: string, type: string): string {
  const same = `CAST(${value} AS VARCHAR) = ${text}`;
  switch (type) {
    case 'boolean':
      return `lower(${text}) IN ('true', 'false')`;
    case 'float':
    case 'double':
      return (
        `${value} IS NOT NULL AND length(${text}) <= ${MAX_SIGNIFICANT_DIGITS} AND ` +
        `regexp_full_match(${text}, '-?((0|[1-9][0-9]{0,14})(\\.[0-9]{1,17})?|\\.[0-9]{1,17})([eE][+-]?[0-9]{1,2})?')`
      );
    case 'time':
      return `${value} IS NOT NULL AND regexp_full_match(${text}, '[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?')`;
    case 'date':
      return `${value} IS NOT NULL AND ${same}`;
    case 'timestamp':
      // The whole form first: it is what nearly every value has, and printing the value again costs more.
      return (
        `${value} IS NOT NULL AND (${text} LIKE '____-__-__ __:__:__' OR regexp_full_match(${text}, ` +
        `'[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6})?)?)?'))`
      );
    case 'timestamptz':
      return (
        `${value} IS NOT NULL AND regexp_full_match(${text}, ` +
        `'[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})')`
      );
    default:
      if (type.startsWith('decimal') && !type.endsWith(' 0)')) {
        return `${value} IS NOT NULL AND regexp_full_match(${text}, '-?(0|[1-9][0-9]*)(\\.[0-9]{1,${scaleOf(type)}})?')`;
      }
      return `${value} IS NOT NULL AND ${same}`;
  }
}

function isLong(text: string): boolean {
  if (text.length <= 18) return true;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value;
}

/** Up to 17 characters a text cannot hold more digits than a double keeps; longer ones are counted. */
function isDouble(text: string): boolean {
  return text.length <= MAX_SIGNIFICANT_DIGITS && DOUBLE.test(text);
}

function isDate(text: string): boolean {
  const found = DATE.exec(text);
  if (found === null) return false;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (days[month - 1] ?? 0);
}

function isTimestamp(text: string): boolean {
  const found = TIMESTAMP.exec(text);
  return found !== null && isDate(found[1] ?? '');
}

function isZoned(text: string): boolean {
  const found = ZONED.exec(text);
  return found !== null && isTimestamp(found[1] ?? '');
}

function acceptsDecimal(type: string, text: string): boolean {
  const [precision = 0, scale = 0] = Array.from(type.matchAll(/\d+/g), Number);
  if (!DECIMAL_TEXT.test(text) || text === '-0') return false;
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  return fraction.length <= scale && (whole === '0' ? 0 : whole.length) <= precision - scale;
}

function scaleOf(type: string): number {
  return Number(/,\s*(\d+)/.exec(type)?.[1] ?? 0);
}
