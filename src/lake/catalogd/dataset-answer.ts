import { z } from 'zod';
import { type DatasetDecision, isUnrestricted } from '../../govern/scope/index.ts';
import type { DatasetRecord, LineageRow } from './dataset-record.ts';
import { duckdbTypeOf } from './iceberg/index.ts';
import { schemaEntries } from './iceberg/schema.ts';
import { typeText } from './iceberg/type-text.ts';

export const columnAnswer = z.strictObject({
  field_id: z.int().describe('Stable across renames; what policies bind to.'),
  name: z.string().describe('The column, or the dotted way to a member of a struct.'),
  path: z.array(z.string()),
  type: z.string().describe('Iceberg type.'),
  sql_type: z.string().describe('Type in SQL.'),
  tags: z.array(z.string()),
  tag_sources: z
    .array(
      z.strictObject({
        tag: z.string(),
        source: z.enum(['detected', 'set']),
        confidence: z.number().nullable(),
      }),
    )
    .describe('Who tagged it: a detector with its confidence, or a person.'),
  masked: z.boolean().describe('Whether you see a mask instead of the values.'),
  mask: z.string().nullable().describe('Method of the mask.'),
  mask_reasons: z.array(z.string()).describe('The rules that mask it for you.'),
});

export const datasetAnswer = z.strictObject({
  dataset: z.string(),
  dataset_id: z.string(),
  owner: z.string().nullable(),
  description: z.string().nullable(),
  discoverable: z.boolean(),
  tags: z.array(z.string()),
  columns: z.array(columnAnswer),
  fingerprint: z.string().describe('SHA-256 over the names and types of the columns.'),
  snapshot_id: z.string().nullable(),
  row_count: z.int().nullable().describe('Null where a row filter applies to you.'),
  size_bytes: z.int().nullable().describe('Null where a row filter or a mask applies to you.'),
  filtered: z.boolean().describe('Whether a row filter applies to you.'),
  in_place: z
    .strictObject({ bucket: z.string(), key: z.string() })
    .nullable()
    .describe('Where the files lie, for a dataset registered in place.'),
  lineage: z.array(
    z.strictObject({
      snapshot_id: z.string().nullable(),
      time: z.string(),
      source: z
        .record(z.string(), z.unknown())
        .describe(
          'Size, hashes and rejected rows of a file are left out where a row filter or a mask applies to you.',
        ),
    }),
  ),
  created_at: z.string(),
  updated_at: z.string(),
});
export type DatasetAnswer = z.infer<typeof datasetAnswer>;

/** Of a source, what is made of all its values: a hash confirms any guess at a hidden one. */
const MADE_OF_VALUES: ReadonlySet<string> = new Set([
  'size_bytes',
  'sha256',
  'content_sha256',
  'rejected_count',
]);

/**
 * A dataset as one caller may know it: masks named with their reasons, counts held back where a row filter applies
 * (the count of hidden rows is a hidden value, K-4), and what is made of hidden values where a filter or a mask does.
 * Bounds are shown to no one.
 */
export function answerDataset(
  record: DatasetRecord,
  decision: DatasetDecision,
  lineage: readonly LineageRow[],
): DatasetAnswer {
  const { row } = record;
  const filtered = decision.rowFilters.length > 0;
  const hides = !isUnrestricted(decision);
  return {
    dataset: row.name,
    dataset_id: row.dataset_id,
    owner: row.owner,
    description: row.description,
    discoverable: row.discoverable === 1,
    tags: [...record.facts.tags],
    columns: answerColumns(record, decision),
    fingerprint: row.fingerprint,
    snapshot_id: row.snapshot_id,
    row_count: filtered ? null : Number(row.record_count),
    size_bytes: hides ? null : Number(row.size_bytes),
    filtered,
    in_place:
      row.source_json === null ? null : (JSON.parse(row.source_json) as { bucket: string; key: string }),
    lineage: lineage.map((entry) => ({
      snapshot_id: entry.snapshot_id,
      time: isoTime(entry.time_ms),
      source: sourceOf(entry, hides),
    })),
    created_at: isoTime(row.created_ms),
    updated_at: isoTime(row.updated_ms),
  };
}

function sourceOf({ lineage_json }: LineageRow, hides: boolean): Readonly<Record<string, unknown>> {
  const source = JSON.parse(lineage_json) as Record<string, unknown>;
  if (!hides) return source;
  return Object.fromEntries(Object.entries(source).filter(([name]) => !MADE_OF_VALUES.has(name)));
}

export function isoTime(ms: number): string {
  return new Date(Number(ms)).toISOString();
}

function answerColumns(record: DatasetRecord, decision: DatasetDecision): DatasetAnswer['columns'] {
  const masks = inheritedMasks(record, decision);
  return Array.from(schemaEntries(record.schema))
    .filter((entry) => entry.role === 'field')
    .map((entry) => {
      const mask = masks.get(entry.id);
      const tags = record.tags.filter((tag) => tag.field_id === entry.id && tag.source !== 'removed');
      return {
        field_id: entry.id,
        name: entry.path.join('.'),
        path: [...entry.path],
        type: typeText(entry.type),
        sql_type: duckdbTypeOf(entry.type),
        tags: tags.map((tag) => tag.tag),
        tag_sources: tags.map(({ tag, source, confidence }) => ({
          tag,
          source: source === 'set' ? ('set' as const) : ('detected' as const),
          confidence,
        })),
        masked: mask !== undefined,
        mask: mask?.method ?? null,
        mask_reasons: [...(mask?.reasons ?? [])],
      };
    });
}

/** A masked struct or list masks all inside it. */
function inheritedMasks(record: DatasetRecord, decision: DatasetDecision) {
  const byPath = new Map<string, ReturnType<typeof decision.masks.get>>();
  const byField = new Map<number, NonNullable<ReturnType<typeof decision.masks.get>>>();
  for (const entry of schemaEntries(record.schema)) {
    const mask = decision.masks.get(entry.id) ?? byPath.get(entry.path.slice(0, -1).join('\0'));
    byPath.set(entry.path.join('\0'), mask);
    if (mask !== undefined) byField.set(entry.id, mask);
  }
  return byField;
}
