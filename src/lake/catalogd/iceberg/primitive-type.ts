/**
 * Iceberg's primitive types by their JSON names (spec v2, "Primitive Types" and appendix C): `int`, `decimal(10, 2)`,
 * `fixed[16]`. Types of later versions of the format (`timestamp_ns`, `variant`) are not among them.
 */
export type PrimitiveType =
  | { readonly kind: SimplePrimitive }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'fixed'; readonly lengthBytes: number };

const SIMPLE = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'string',
  'uuid',
  'binary',
] as const;
export type SimplePrimitive = (typeof SIMPLE)[number];

const DECIMAL = /^decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)$/;
const FIXED = /^fixed\[\s*(\d{1,9})\s*\]$/;

/** Reads a primitive type's name; null for a name that format version 2 does not have. */
export function parsePrimitive(text: string): PrimitiveType | null {
  const simple = SIMPLE.find((name) => name === text);
  if (simple !== undefined) return { kind: simple };
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) {
    const precision = Number(decimal[1]);
    const scale = Number(decimal[2]);
    return precision >= 1 && precision <= 38 && scale <= precision
      ? { kind: 'decimal', precision, scale }
      : null;
  }
  const fixed = FIXED.exec(text);
  return fixed === null ? null : { kind: 'fixed', lengthBytes: Number(fixed[1]) };
}

/** The name as the spec prints it: `decimal(10, 2)` with a blank after the comma. */
export function primitiveText(type: PrimitiveType): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`;
    case 'fixed':
      return `fixed[${type.lengthBytes}]`;
    default:
      return type.kind;
  }
}

/**
 * The type a column may be changed to so that it holds every value of both without loss (spec, "Schema Evolution":
 * int to long, float to double, decimal to more precision of the same scale); null where there is none.
 */
export function promote(from: PrimitiveType, to: PrimitiveType): PrimitiveType | null {
  if (primitiveText(from) === primitiveText(to)) return to;
  if (from.kind === 'int' && to.kind === 'long') return to;
  if (from.kind === 'float' && to.kind === 'double') return to;
  if (from.kind === 'decimal' && to.kind === 'decimal') {
    return from.scale === to.scale && from.precision <= to.precision ? to : null;
  }
  return null;
}

/**
 * Whether every value of `from` can be written into a column of type `to` without loss. Wider than `promote`: the
 * file is written in the column's type, so that the rules for re-reading old files do not apply.
 */
export function fitsInto(from: PrimitiveType, to: PrimitiveType): boolean {
  if (promote(from, to) !== null) return true;
  const digits = from.kind === 'int' ? 10 : from.kind === 'long' ? 19 : null;
  if (to.kind === 'decimal' && digits !== null) return to.precision - to.scale >= digits;
  if (from.kind === 'int') return to.kind === 'double';
  if (from.kind === 'decimal' && to.kind === 'decimal') {
    return from.scale <= to.scale && from.precision - from.scale <= to.precision - to.scale;
  }
  return (from.kind === 'uuid' || from.kind === 'fixed') && to.kind === 'binary' && from.kind === 'fixed';
}
