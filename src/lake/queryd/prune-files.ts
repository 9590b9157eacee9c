import {
  decodeSingleValue,
  type IcebergSchema,
  parsePrimitive,
  type ScanFile,
  type SingleValue,
} from '../catalogd/index.ts';
import { constantText } from './constant-text.ts';
import type { NamedParameters } from './parameters.ts';
import { isNode, nodesOf, type SyntaxNode, textOf, textsOf } from './syntax-tree.ts';

/**
 * The files that may hold a row for which every predicate is true, by the bounds in the manifest. Pruning is
 * conservative and never changes a result: a bound that is missing or a predicate that is not understood keeps the file.
 * `predicates` are over the scan's own names, and only of columns the caller sees unmasked.
 */
export function pruneFiles(
  files: readonly ScanFile[],
  predicates: readonly SyntaxNode[],
  schema: IcebergSchema,
  parameters: NamedParameters,
): readonly ScanFile[] {
  const tests = predicates.flatMap((node) => rangeTest(node, schema, parameters) ?? []);
  return tests.length === 0 ? files : files.filter((file) => tests.every((mayMatch) => mayMatch(file)));
}

type FileTest = (file: ScanFile) => boolean;

/** Whether a file with values between `low` and `high` may match, by comparison with the constant. */
const MAY_MATCH: Readonly<Record<string, (low: number, high: number) => boolean>> = {
  COMPARE_EQUAL: (low, high) => low <= 0 && high >= 0,
  COMPARE_LESSTHAN: (low) => low < 0,
  COMPARE_LESSTHANOREQUALTO: (low) => low <= 0,
  COMPARE_GREATERTHAN: (_low, high) => high > 0,
  COMPARE_GREATERTHANOREQUALTO: (_low, high) => high >= 0,
};
const MIRRORED: Readonly<Record<string, string>> = {
  COMPARE_LESSTHAN: 'COMPARE_GREATERTHAN',
  COMPARE_LESSTHANOREQUALTO: 'COMPARE_GREATERTHANOREQUALTO',
  COMPARE_GREATERTHAN: 'COMPARE_LESSTHAN',
  COMPARE_GREATERTHANOREQUALTO: 'COMPARE_LESSTHANOREQUALTO',
};

function rangeTest(node: SyntaxNode, schema: IcebergSchema, parameters: NamedParameters): FileTest | null {
  const type = textOf(node, 'type');
  if (type === 'COMPARE_BETWEEN') {
    const low = comparison('COMPARE_GREATERTHANOREQUALTO', node.input, node.lower, schema, parameters);
    const high = comparison('COMPARE_LESSTHANOREQUALTO', node.input, node.upper, schema, parameters);
    return low === null || high === null ? null : (file) => low(file) && high(file);
  }
  if (type === 'COMPARE_IN') {
    const [column, ...values] = nodesOf(node, 'children');
    const any = values.map((value) => comparison('COMPARE_EQUAL', column, value, schema, parameters));
    return any.every((test) => test !== null) ? (file) => any.some((test) => test(file)) : null;
  }
  if (isColumn(node.left)) return comparison(type, node.left, node.right, schema, parameters);
  return comparison(MIRRORED[type] ?? type, node.right, node.left, schema, parameters);
}

function comparison(
  type: string,
  column: unknown,
  constant: unknown,
  schema: IcebergSchema,
  parameters: NamedParameters,
): FileTest | null {
  const mayMatch = MAY_MATCH[type];
  if (mayMatch === undefined || !isColumn(column) || !isNode(constant)) return null;
  const id = Number(textsOf(column, 'column_names').at(-1)?.slice(1));
  const field = schema.fields.find((candidate) => candidate.id === id);
  const primitive = typeof field?.type === 'string' ? parsePrimitive(field.type) : null;
  const text = constantText(constant, parameters);
  if (primitive === null || text === null) return null;
  const value = comparable(primitive.kind, text);
  if (value === null) return null;
  return (file) => {
    const lower = file.lowerBounds.get(id);
    const upper = file.upperBounds.get(id);
    if (lower === undefined || upper === undefined) return true;
    return mayMatch(
      compare(decodeSingleValue(primitive, lower), value),
      compare(decodeSingleValue(primitive, upper), value),
    );
  };
}

function isColumn(value: unknown): value is SyntaxNode {
  return isNode(value) && textOf(value, 'class') === 'COLUMN_REF';
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})$/;

/** The constant as bounds of its column are decoded; null for types and texts that are not compared here. */
function comparable(kind: string, text: string): SingleValue | null {
  switch (kind) {
    case 'int':
    case 'long':
      return /^-?\d{1,38}$/.test(text) ? BigInt(text) : null;
    case 'string':
      return text;
    case 'date':
      return DATE.test(text) ? epoch(text, 86_400_000n, 1n) : null;
    case 'timestamp': {
      if (DATE.test(text)) return epoch(text, 1n, 1_000n);
      const parts = TIMESTAMP.exec(text);
      return parts === null ? null : epoch(`${parts[1]}T${parts[2]}Z`, 1n, 1_000n);
    }
    default:
      return null;
  }
}

function epoch(text: string, divisor: bigint, factor: bigint): bigint | null {
  const timeMs = Date.parse(text);
  return Number.isFinite(timeMs) ? (BigInt(timeMs) / divisor) * factor : null;
}

/** Texts compare by their UTF-8 bytes, as in the engine. */
function compare(a: SingleValue, b: SingleValue): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
