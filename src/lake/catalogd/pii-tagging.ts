import type { EngineLease } from '../engine/index.ts';
import type { IcebergSchema, ScanFile } from './catalog.ts';
import { duckdbTypeOf } from './iceberg/index.ts';
import { schemaEntries } from './iceberg/schema.ts';
import { typeText } from './iceberg/type-text.ts';
import type { PiiDetector } from './pii/index.ts';

export interface TagFindings {
  readonly tags: readonly FoundTag[];
  /** Columns that look like personal data without certainty and have no tag: shown to truth. */
  readonly suspectedColumns: readonly string[];
}

export interface FoundTag {
  readonly fieldId: number;
  /** From the column down to the member, through `element`, `key` and `value`. */
  readonly path: readonly string[];
  readonly tag: string;
  readonly confidence: number;
}

/** Files a sample is taken from, evenly over the dataset, and rows of each. */
const SAMPLED_FILES = 5;
const ROWS_PER_FILE = 400;
/** Maps and lists inside one another whose keys are looked at. */
const MOST_NESTED_KEYS = 4;

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
      path: entry.path,
      name: entry.path.join('.'),
      type: typeText(entry.type),
      samples: rows.flatMap((row) => valuesAt(row, entry.path)),
    }));
  // A struct is judged by its members: its own text would carry the values of all of them.
  const judged = columns.filter((column) => !/^struct<|^list<struct</.test(column.type));
  const findings = detector.detect(judged.map(({ name, type, samples }) => ({ name, type, samples })));
  const columnOf = new Map(judged.map((column) => [column.name, column]));
  const ofKeys = judged
    .filter(({ type }) => type.includes('map<'))
    .flatMap((column) => keyFindings(detector, column));
  const tags = [...findings, ...ofKeys].flatMap(({ name, tag, confidence, suspected }) => {
    const column = columnOf.get(name);
    if (column === undefined || suspected) return [];
    return [{ fieldId: column.fieldId, path: column.path, tag, confidence }];
  });
  const tagged = new Set(tags.map(({ path }) => path.join('.')));
  const suspected = findings.filter((finding) => finding.suspected && !tagged.has(finding.name));
  return { tags, suspectedColumns: [...new Set(suspected.map(({ name }) => name))] };
}

/**
 * Keys of maps are data as values are. They are judged by themselves and without the column's name, which says what the
 * values are.
 */
function keyFindings(detector: PiiDetector, column: { name: string; samples: readonly unknown[] }) {
  const samples = column.samples.flatMap((value) => keysIn(value, 0));
  const found = detector.detect([{ name: 'key', type: 'string', samples }]);
  return found.map((finding) => ({ ...finding, name: column.name }));
}

function keysIn(value: unknown, depth: number): readonly string[] {
  if (typeof value !== 'object' || value === null || depth > MOST_NESTED_KEYS) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap((member) => keysIn(member, depth + 1))];
}

function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  const [step, ...rest] = path;
  if (step === undefined) return [value];
  if (Array.isArray(value)) {
    return value.flatMap((item) => valuesAt(item, step === 'element' ? rest : path));
  }
  if (typeof value !== 'object' || value === null) return [];
  // Found without going through the members: a row may have thousands.
  const member = Object.getOwnPropertyDescriptor(value, step);
  if (member !== undefined) return valuesAt(member.value, rest);
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
