import type { MaskMethod } from '../scope/index.ts';

/** Every method but an SQL expression, which is a syntax tree of the policy's own. */
export type CompiledMaskMethod = Exclude<MaskMethod, 'expression'>;

/** The two keyed blocks of HMAC-SHA256 as SQL: parameters (`$mask_inner`) or literals that `maskHashBlocks` makes. */
export interface MaskHashSql {
  readonly inner: string;
  readonly outer: string;
}

const BLOCK_BYTES = 64;
const REDACTED = '[redacted]';
/** Below this a text shows nothing of itself under `partial`. */
const PARTIAL_LEAST_LENGTH = 8;
const PARTIAL_SHOWN = 4;
/** Years that `year` shows; a value outside is null. */
const PLAIN_YEARS = ['0001', '9999'] as const;
const NANOSECOND_YEARS = ['1678', '2261'] as const;

/**
 * A column masked, as SQL of the engine's dialect. `hash` and `partial` of a plain type answer VARCHAR, every other mask
 * the column's own type. `column` is SQL that names the raw column; `type` the engine's type
 * name. A null stays null, so that it is visible where a value is missing; only `null` (and `redact` on what is not
 * text) hides that too. No function of a mask can fail on a value.
 *
 * | method | text | date, timestamp | number, boolean, other plain | struct, list, map, union |
 * |---|---|---|---|---|
 * | null | null | null | null | null |
 * | redact | `[redacted]` | null | null | null |
 * | hash | 32 hex characters, equal for equal text | of its text | of its text | null |
 * | partial | `****` and the last four; `****` below eight | as text | as text | null |
 * | email | `***@` and the domain; `[redacted]` without one | null | null | null |
 * | year | the first day of its year where it begins with an ISO date, else null | 1 January, null outside the years 1 to 9999 | null | null |
 */
export function compileMaskSql(parts: {
  method: CompiledMaskMethod;
  column: string;
  type: string;
  hash: MaskHashSql;
}): string {
  const { method, column, type } = parts;
  const kind = typeKind(type);
  if (kind === 'nested' || method === 'null') return nullOf(type);
  const text = kind === 'text' ? column : `CAST(${column} AS VARCHAR)`;
  switch (method) {
    case 'redact':
      return kind === 'text' ? unlessNull(column, `'${REDACTED}'`) : nullOf(type);
    case 'hash':
      return unlessNull(column, keyedHash(text, parts.hash));
    case 'partial':
      return unlessNull(
        column,
        `CASE WHEN length(${text}) >= ${PARTIAL_LEAST_LENGTH} THEN '****' || right(${text}, ${PARTIAL_SHOWN}) ELSE '****' END`,
      );
    case 'email':
      return kind === 'text' ? unlessNull(column, emailDomain(column)) : nullOf(type);
    case 'year':
      return firstOfYear(column, type, kind);
  }
}

/** The blocks of HMAC-SHA256 (RFC 2104) under a key of at most 64 bytes, as hex for `unhex('…')`. */
export function maskHashBlocks(key: Uint8Array): { readonly innerHex: string; readonly outerHex: string } {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.set(key.subarray(0, BLOCK_BYTES));
  const padded = (byte: number) => Buffer.from(block.map((value) => value ^ byte)).toString('hex');
  return { innerHex: padded(0x36), outerHex: padded(0x5c) };
}

type TypeKind = 'text' | 'date' | 'timestamp' | 'nested' | 'plain';

function typeKind(type: string): TypeKind {
  const name = type.trim().toUpperCase();
  if (/^(STRUCT|MAP|UNION|LIST|ARRAY|ROW)\b/.test(name) || name.endsWith(']')) return 'nested';
  // Types of an inner structure, and ones a later engine may bring, show nothing.
  if (/^(JSON|VARIANT|GEOMETRY|BLOB|BYTEA|BIT)\b/.test(name)) return 'nested';
  if (/^(VARCHAR|CHAR|BPCHAR|TEXT|STRING)\b/.test(name)) return 'text';
  if (name === 'DATE') return 'date';
  if (name.startsWith('TIMESTAMP') || name === 'DATETIME') return 'timestamp';
  return 'plain';
}

function nullOf(type: string): string {
  return `CAST(NULL AS ${type})`;
}

function unlessNull(column: string, masked: string): string {
  return `CASE WHEN ${column} IS NULL THEN NULL ELSE ${masked} END`;
}

/** 128 bits of HMAC-SHA256 over the text's UTF-8 bytes: joins and counts stay right, the value cannot be tried out. */
function keyedHash(text: string, hash: MaskHashSql): string {
  return `left(sha256(${hash.outer} || unhex(sha256(${hash.inner} || encode(${text})))), 32)`;
}

/** What follows the last @, where it looks like a domain; anything else could be part of the name. */
function emailDomain(column: string): string {
  const domain = `regexp_extract(${column}, '@([A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+)$', 1)`;
  return `CASE WHEN ${domain} <> '' THEN '***@' || lower(${domain}) ELSE '${REDACTED}' END`;
}

function firstOfYear(column: string, type: string, kind: TypeKind): string {
  if (kind === 'date' || kind === 'timestamp') {
    const [first, last] = type.toUpperCase() === 'TIMESTAMP_NS' ? NANOSECOND_YEARS : PLAIN_YEARS;
    const bound = (year: string, rest: string) => `CAST('${year}-${rest}' AS ${type})`;
    const within = `${column} >= ${bound(first, '01-01')} AND ${column} <= ${bound(last, '12-31')}`;
    // The range is cut before the truncation: that fails on the types' extremes, and would tell that there is one.
    return `CAST(date_trunc('year', CASE WHEN ${within} THEN ${column} END) AS ${type})`;
  }
  if (kind !== 'text') return nullOf(type);
  const year = `regexp_extract(${column}, '^([0-9]{4})-[0-9]{2}-[0-9]{2}', 1)`;
  return `CASE WHEN ${year} <> '' THEN ${year} || '-01-01' ELSE NULL END`;
}
