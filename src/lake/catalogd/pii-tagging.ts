import type { EngineLease } from '../engine/index.ts';
import type { IcebergSchema, ScanFile } from './catalog.ts';
import { duckdbTypeOf } from './iceberg/index.ts';
import { schemaEntries } from './iceberg/schema.ts';
import { typeText } from './iceberg/type-text.ts';
import type { PiiDetector } from './pii/index.ts';

export interface TagFindings {
  readonly tags: readonly { readonly fieldId: number; readonly tag: string; readonly confidence: number }[];
  /** Columns that look like personal data without certainty: not tagged, shown to truth. */
  readonly suspectedColumns: readonly string[];
}

/** Files a sample is taken from, evenly over the dataset, and rows of each. */
const SAMPLED_FILES = 5;
const ROWS_PER_FILE = 400;

/** The files of a dataset that a sample is read from. */
export function sampledFiles<T>(files: readonly T[]): readonly T[] {
  const step = Math.max(1, files.length / SAMPLED_FILES);
  return Array.from(
    { length: Math.min(SAMPLED_FILES, files.length) },
    (_, index) => files[Math.floor(index * step)],
  ).filter((file) => file !== undefined);
}

/** Reads a sample of each file by an engine that may read exactly these files. */
export async function sampleRows(
  lease: EngineLease,
  schema: IcebergSchema,
  files: readonly Pick<ScanFile, 'path' | 'hasFieldIds'>[],
): Promise<Readonly<Record<string, unknown>>[]> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for (const file of files) {
    // Columns of our own files are found by field id, so that a renamed one is sampled too.
    const byId = file.hasFieldIds ? `, schema = ${schemaMap(schema)}` : '';
    const scan = `read_parquet([${textLiteral(file.path)}]${byId})`;
    rows.push(...(await lease.query(`SELECT * FROM ${scan} LIMIT ${ROWS_PER_FILE}`)).rows);
  }
  return rows;
}

/** Judges every column and struct member by name, type and sampled values. */
export function findTags(
  detector: PiiDetector,
  schema: Pick<IcebergSchema, 'fields'>,
  rows: readonly Readonly<Record<string, unknown>>[],
): TagFindings {
  const columns = Array.from(schemaEntries(schema))
    .filter((entry) => entry.role === 'field')
    .map((entry) => ({
      fieldId: entry.id,
      name: entry.path.join('.'),
      type: typeText(entry.type),
      samples: rows.flatMap((row) => valuesAt(row, entry.path)),
    }));
  // A struct is judged by its members: its own text would carry the values of all of them.
  const judged = columns.filter((column) => !/^struct<|^list<struct</.test(column.type));
  const findings = detector.detect(judged.map(({ name, type, samples }) => ({ name, type, samples })));
  const idOf = new Map(judged.map((column) => [column.name, column.fieldId]));
  return {
    tags: findings.flatMap(({ name, tag, confidence, suspected }) => {
      const fieldId = idOf.get(name);
      return fieldId === undefined || suspected ? [] : [{ fieldId, tag, confidence }];
    }),
    suspectedColumns: findings.filter((finding) => finding.suspected).map((finding) => finding.name),
  };
}

function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  const [step, ...rest] = path;
  if (step === undefined) return [value];
  if (Array.isArray(value)) {
    return value.flatMap((item) => valuesAt(item, step === 'element' ? rest : path));
  }
  if (typeof value !== 'object' || value === null) return [];
  const member = Object.entries(value).find(([name]) => name === step);
  if (member !== undefined) return valuesAt(member[1], rest);
  // A map's values, whatever their keys.
  return step === 'value' ? Object.values(value).flatMap((item) => valuesAt(item, rest)) : [];
}

function schemaMap(schema: Pick<IcebergSchema, 'fields'>): string {
  const entries = schema.fields.map(
    (field) =>
      `${field.id}: {name: ${textLiteral(field.name)}, type: ${textLiteral(duckdbTypeOf(field.type))}, default_value: NULL}`,
  );
  return `MAP {${entries.join(', ')}}`;
}

function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
