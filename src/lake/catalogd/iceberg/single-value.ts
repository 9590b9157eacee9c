import { type PrimitiveType, parsePrimitive } from './primitive-type.ts';

/** Bounds of strings keep this many code points, of binary values this many bytes; as the reference writer does. */
const TRUNCATE_LENGTH = 16;

/**
 * A value in binary single-value serialisation (spec, appendix D). `value` is a bigint for int, long, date (days),
 * time and timestamps (microseconds) and decimal (unscaled), a number for float and double, otherwise as named.
 */
export type SingleValue = bigint | number | boolean | string | Uint8Array;

export function encodeSingleValue(type: PrimitiveType, value: SingleValue): Uint8Array {
  switch (type.kind) {
    case 'boolean':
      return Uint8Array.of(value === true ? 1 : 0);
    case 'int':
    case 'date':
      return written(4, (view) => view.setInt32(0, Number(value), true));
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return written(8, (view) => view.setBigInt64(0, BigInt(value as bigint), true));
    case 'float':
      return written(4, (view) => view.setFloat32(0, Number(value), true));
    case 'double':
      return written(8, (view) => view.setFloat64(0, Number(value), true));
    case 'string':
      return Buffer.from(String(value), 'utf8');
    case 'uuid':
      return Buffer.from(String(value).replaceAll('-', ''), 'hex');
    case 'decimal':
      return twosComplement(BigInt(value as bigint));
    case 'fixed':
    case 'binary':
      return value as Uint8Array;
  }
}

/** The value of `encodeSingleValue`'s bytes. An int's bytes are also read for a column widened to long since. */
export function decodeSingleValue(type: PrimitiveType, bytes: Uint8Array): SingleValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type.kind) {
    case 'boolean':
      return bytes[0] !== 0;
    case 'int':
    case 'date':
      return BigInt(view.getInt32(0, true));
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return bytes.byteLength === 4 ? BigInt(view.getInt32(0, true)) : view.getBigInt64(0, true);
    case 'float':
      return view.getFloat32(0, true);
    case 'double':
      return bytes.byteLength === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
    case 'string':
      return Buffer.from(bytes).toString('utf8');
    case 'uuid': {
      const hex = Buffer.from(bytes).toString('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    }
    case 'decimal':
      return fromTwosComplement(bytes);
    case 'fixed':
    case 'binary':
      return bytes;
  }
}

/**
 * The bound to write for a column of this type and a value in the engine's text form; null where none can be given
 * (infinite or BC dates, NaN, nested types): a missing bound keeps the file, it never changes a result.
 */
export function boundOf(typeName: string, text: string, side: 'lower' | 'upper'): Uint8Array | null {
  const type = parsePrimitive(typeName);
  if (type === null) return null;
  if (type.kind === 'string') return stringBound(text, side);
  const value = parseEngineText(type, text);
  if (value === null) return null;
  const bytes = encodeSingleValue(type, value);
  return type.kind === 'binary' ? binaryBound(bytes, side) : bytes;
}

function stringBound(text: string, side: 'lower' | 'upper'): Uint8Array | null {
  const points = Array.from(text);
  if (points.length <= TRUNCATE_LENGTH) return Buffer.from(text, 'utf8');
  const kept = points.slice(0, TRUNCATE_LENGTH);
  if (side === 'lower') return Buffer.from(kept.join(''), 'utf8');
  // The least text above all that start with `kept`: its last code point that can be raised, raised.
  for (let last = kept.length - 1; last >= 0; last--) {
    const raised = nextCodePoint(kept[last]?.codePointAt(0) ?? 0);
    if (raised !== null)
      return Buffer.from(kept.slice(0, last).join('') + String.fromCodePoint(raised), 'utf8');
  }
  return null;
}

/** The next code point that UTF-8 can carry: surrogates (U+D800 to U+DFFF) are stepped over. */
function nextCodePoint(point: number): number | null {
  if (point >= 0x10ffff) return null;
  return point === 0xd7ff ? 0xe000 : point + 1;
}

function binaryBound(bytes: Uint8Array, side: 'lower' | 'upper'): Uint8Array | null {
  if (bytes.length <= TRUNCATE_LENGTH) return bytes;
  const kept = bytes.slice(0, TRUNCATE_LENGTH);
  if (side === 'lower') return kept;
  for (let last = kept.length - 1; last >= 0; last--) {
    const byte = kept[last] ?? 0xff;
    if (byte < 0xff) return Uint8Array.of(...kept.subarray(0, last), byte + 1);
  }
  return null;
}

const INTEGER = /^-?\d{1,40}$/;
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;
const DATE = /^(\d{4,6})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/;
const TIMESTAMP = /^(\d{4,6}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?:([+-])(\d\d)(?::(\d\d))?)?$/;

/** A value out of the engine's text, as its statistics print it; null for one without a place on the scale. */
function parseEngineText(type: PrimitiveType, text: string): SingleValue | null {
  switch (type.kind) {
    case 'boolean':
      return text === '1' || text === 'true';
    case 'int':
    case 'long':
      return INTEGER.test(text) && inRange(BigInt(text), type.kind === 'int' ? 32n : 64n)
        ? BigInt(text)
        : null;
    case 'float':
    case 'double':
      return Number.isNaN(engineNumber(text)) ? null : engineNumber(text);
    case 'decimal':
      return unscaled(text, type.scale);
    case 'date':
      return epochDays(text);
    case 'time':
      return dayMicros(text);
    case 'timestamp':
    case 'timestamptz':
      return epochMicros(text);
    case 'uuid':
      return /^[0-9a-f-]{36}$/i.test(text) ? text.toLowerCase() : null;
    case 'fixed':
    case 'binary':
      return /^(?:[0-9A-F]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : null;
    case 'string':
      return text;
  }
}

function engineNumber(text: string): number {
  if (text === 'inf') return Infinity;
  if (text === '-inf') return -Infinity;
  return text.trim() === '' ? Number.NaN : Number(text);
}

function unscaled(text: string, scale: number): bigint | null {
  const found = DECIMAL.exec(text);
  if (found === null) return null;
  const fraction = found[3] ?? '';
  if (fraction.length > scale) return null;
  const digits = BigInt(`${found[2]}${fraction.padEnd(scale, '0')}`);
  return found[1] === '-' ? -digits : digits;
}

function epochDays(text: string): bigint | null {
  const found = DATE.exec(text);
  if (found === null) return null;
  const ms = Date.UTC(2000, Number(found[2]) - 1, Number(found[3]));
  const date = new Date(ms);
  date.setUTCFullYear(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
  const days = date.getTime() / 86_400_000;
  return Number.isInteger(days) ? BigInt(days) : null;
}

function dayMicros(text: string): bigint | null {
  const found = TIME.exec(text);
  if (found === null) return null;
  const fraction = (found[4] ?? '').padEnd(6, '0');
  // Digits below a microsecond have no place in the type; a bound without them would cut rows off.
  if (/[1-9]/.test(fraction.slice(6))) return null;
  const seconds = Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3]);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.slice(0, 6));
}

function epochMicros(text: string): bigint | null {
  const found = TIMESTAMP.exec(text);
  if (found === null) return null;
  const days = epochDays(found[1] ?? '');
  const micros = dayMicros(found[2] ?? '');
  if (days === null || micros === null) return null;
  const offsetMinutes = Number(found[4] ?? 0) * 60 + Number(found[5] ?? 0);
  const offset = BigInt(offsetMinutes) * 60_000_000n * (found[3] === '-' ? -1n : 1n);
  return days * 86_400_000_000n + micros - offset;
}

function inRange(value: bigint, bits: bigint): boolean {
  const half = 1n << (bits - 1n);
  return value >= -half && value < half;
}

function written(sizeBytes: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  write(new DataView(bytes.buffer));
  return bytes;
}

/** Big-endian two's complement in the fewest bytes that keep the sign (appendix D, decimal). */
function twosComplement(value: bigint): Uint8Array {
  let sizeBytes = 1n;
  while (!inRange(value, sizeBytes * 8n)) sizeBytes++;
  const hex = BigInt.asUintN(Number(sizeBytes * 8n), value).toString(16);
  return Buffer.from(hex.padStart(Number(sizeBytes) * 2, '0'), 'hex');
}

function fromTwosComplement(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

/** The order of two values of one type: text and bytes by their UTF-8 bytes, as Iceberg's bounds are. */
export function compareSingleValues(left: SingleValue, right: SingleValue): number {
  if (typeof left === 'string' && typeof right === 'string') {
    return Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'));
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}
