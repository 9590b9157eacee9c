import type { z } from 'zod';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/index.ts';
import { type AttemptRow, attemptRowSchema } from './attempt-row.ts';
import { type FindingRow, findingRowSchema } from './finding-row.ts';
import { type ReviewRow, reviewRowSchema } from './review-row.ts';

interface RowOf {
  readonly reviews: ReviewRow;
  readonly findings: FindingRow;
  readonly attempts: AttemptRow;
}
export type RowKind = keyof RowOf;

type SqlType = 'VARCHAR' | 'INTEGER' | 'DOUBLE' | 'BOOLEAN';

/** A governed dataset of the knowledge base. Its columns are declared, so that one full of nulls has its type. */
export interface KnowledgeDataset {
  readonly name: `kb.${string}`;
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
}

const NUMBERS: Readonly<Record<string, SqlType>> = {
  schema_version: 'INTEGER',
  iteration: 'INTEGER',
  rung: 'INTEGER',
  attempts: 'INTEGER',
  replicates: 'INTEGER',
  replicate: 'INTEGER',
  line: 'INTEGER',
  score: 'DOUBLE',
  confidence: 'DOUBLE',
  critical_failures_count: 'INTEGER',
  verified_components_count: 'INTEGER',
  missing_components_count: 'INTEGER',
  input_tokens: 'INTEGER',
  output_tokens: 'INTEGER',
  cost_usd: 'DOUBLE',
  latency_ms: 'DOUBLE',
  check_passes: 'BOOLEAN',
};

const SCHEMAS: { readonly [Kind in RowKind]: z.ZodType<RowOf[Kind]> & { shape: object } } = {
  reviews: reviewRowSchema,
  findings: findingRowSchema,
  attempts: attemptRowSchema,
};

/** The three datasets; texts are VARCHAR (times too, in ISO 8601), and the list of scores is JSON text. */
export const KNOWLEDGE_DATASETS: { readonly [Kind in RowKind]: KnowledgeDataset } = {
  reviews: datasetOf('reviews'),
  findings: datasetOf('findings'),
  attempts: datasetOf('attempts'),
};

/** A row as its dataset holds it. */
export function storedRow<Kind extends RowKind>(row: RowOf[Kind]): JsonObject {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, Array.isArray(value) ? JSON.stringify(value) : value]),
  );
}

export type ReadRow<Row> =
  | { readonly ok: true; readonly row: Row }
  | { readonly ok: false; readonly reason: string };

/** A row as a dataset, a query or a file holds it: numbers may be texts, and the list of scores is one. */
export function readRow<Kind extends RowKind>(kind: Kind, value: unknown): ReadRow<RowOf[Kind]> {
  if (!isJsonObject(value)) return { ok: false, reason: 'is no JSON object' };
  const members = Object.entries(value).map(([name, member]) => [name, plain(name, member)]);
  const parsed = SCHEMAS[kind].safeParse(Object.fromEntries(members));
  if (parsed.success) return { ok: true, row: parsed.data };
  const [issue] = parsed.error.issues;
  return { ok: false, reason: `${issue?.path.join('.') || 'the row'}: ${issue?.message ?? 'is not valid'}` };
}

function plain(name: string, value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value;
  if (name === 'scores') return listOf(value);
  const isNumber = name in NUMBERS && NUMBERS[name] !== 'BOOLEAN';
  return isNumber && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
}

function listOf(text: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

function datasetOf(kind: RowKind): KnowledgeDataset {
  const names = Object.keys(SCHEMAS[kind].shape);
  return { name: `kb.${kind}`, columns: names.map((name) => ({ name, type: NUMBERS[name] ?? 'VARCHAR' })) };
}
