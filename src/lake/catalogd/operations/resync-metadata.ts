import { z } from 'zod';
import { type Clock, LakeError } from '../../../base/index.ts';
import type { Config } from '../../../config/index.ts';
import {
  mutationOperation,
  nothingToJudge,
  permissionRule,
  type WriteScope,
} from '../../../govern/scope/index.ts';
import type { EnginePool } from '../../engine/index.ts';
import type { DatasetRecord } from '../dataset-record.ts';
import type { DatasetStore } from '../dataset-store.ts';
import type { PiiDetector } from '../pii/index.ts';
import { findTags, sampledFiles, sampleRows, type TagFindings } from '../pii-tagging.ts';
import { planScan } from '../plan-scan.ts';
import type { TableCommitter } from '../table-commit.ts';
import type { TableFiles } from '../table-files.ts';
import type { Warehouse } from '../warehouse.ts';
import { datasetName } from './dataset-input.ts';

const input = z.strictObject({
  dataset: datasetName.optional().describe('Only this dataset, whatever its detector version.'),
  limit: z.int().min(1).max(1_000).default(100).describe('Datasets to look at.'),
});

const output = z.strictObject({
  detector_version: z.string(),
  datasets: z.array(
    z.strictObject({
      dataset: z.string(),
      tags_added: z.array(z.strictObject({ column: z.string(), tag: z.string(), confidence: z.number() })),
      tags_not_found: z
        .array(z.strictObject({ column: z.string(), tag: z.string() }))
        .describe('Detected earlier and not this time; kept, remove them with PATCH.'),
      suspected_columns: z.array(z.string()),
    }),
  ),
  unreadable_datasets: z
    .array(z.string())
    .describe('Their files could not be read; see resync-missing. They keep their tags and their turn.'),
  remaining: z.boolean().describe('Whether datasets of an older detector are left; call again.'),
  journal_event_id: z.string().nullable(),
});

interface Parts {
  readonly store: DatasetStore;
  readonly files: TableFiles;
  readonly warehouse: Warehouse;
  readonly committer: TableCommitter;
  readonly engine: EnginePool;
  readonly detector: PiiDetector;
  readonly clock: Clock;
  readonly config: Pick<Config, 'engine' | 'ingest'>;
}

interface Judged {
  readonly datasetId: string;
  readonly findings: TagFindings;
}

interface Round {
  readonly judged: readonly Judged[];
  readonly unreadable: readonly string[];
  readonly remaining: boolean;
}

/** Looks for personal data again in datasets that an older detector looked at. */
export function resyncMetadata(parts: Parts) {
  return mutationOperation<z.infer<typeof input>, z.infer<typeof output>, null>({
    name: 'catalog.resync-metadata',
    summary: 'Detect personal data again',
    description:
      'Samples datasets that predate the detector’s version and tags what it finds. Tags are added, never removed, and ' +
      'none comes back that a person took away.',
    input,
    output,
    access: permissionRule('catalog.admin'),
    truth: nothingToJudge('Tags are not a claim of the caller.'),
    async prepare(scope, given) {
      scope.requirePermission('catalog.admin');
      const { records, remaining } = await outdated(parts, given);
      const judged: Judged[] = [];
      const unreadable: string[] = [];
      for (const record of records) {
        const findings = await judge(parts, scope, record);
        if (findings === null) unreadable.push(record.row.name);
        else judged.push({ datasetId: record.row.dataset_id, findings });
      }
      return { attempt: () => planTags(parts, { judged, unreadable, remaining }) };
    },
  });
}

async function outdated(
  parts: Parts,
  given: z.infer<typeof input>,
): Promise<{ records: readonly DatasetRecord[]; remaining: boolean }> {
  if (given.dataset !== undefined) {
    const record = await parts.store.byName(given.dataset);
    return { records: record === null ? [] : [record], remaining: false };
  }
  const records = await parts.store.otherDetector(parts.detector.version, given.limit + 1);
  return { records: records.slice(0, given.limit), remaining: records.length > given.limit };
}

/** Null where the dataset's files cannot be read: one broken dataset does not keep the others from their turn. */
async function judge(parts: Parts, scope: WriteScope, record: DatasetRecord): Promise<TagFindings | null> {
  try {
    return await sampleAndFind(parts, scope, record);
  } catch (error) {
    const isOfDataset = error instanceof LakeError && !error.errorCode.retryable && !scope.signal.aborted;
    if (!isOfDataset) throw error;
    scope.log.warn({ dataset_id: record.row.dataset_id, code: error.code }, 'dataset cannot be sampled');
    return null;
  }
}

async function sampleAndFind(parts: Parts, scope: WriteScope, record: DatasetRecord): Promise<TagFindings> {
  const { manifest_list: manifestList } = record.row;
  const files = manifestList === null ? [] : await planScan(parts, record.row, manifestList);
  const sample = sampledFiles(files);
  if (sample.length === 0) return findTags(parts.detector, record.schema, []);
  const lease = await parts.engine.lease({
    lane: 'ingest',
    readFiles: sample.map((file) => file.path),
    writeFiles: [],
    memoryLimitMb: parts.config.ingest.memory_limit_mb,
    timeoutMs: parts.config.engine.timeout_ms,
    signal: scope.signal,
  });
  try {
    return findTags(parts.detector, record.schema, await sampleRows(lease, record.schema, sample));
  } finally {
    await lease.release();
  }
}

/** One transaction for all: a dataset that changed meanwhile refuses it, and the next attempt reads all again. */
async function planTags(parts: Parts, round: Round) {
  const nowMs = parts.clock.nowMs();
  const statements = [];
  const datasets: z.infer<typeof output>['datasets'] = [];
  for (const { datasetId, findings } of round.judged) {
    const record = await parts.store.byId(datasetId);
    if (record === null) continue;
    const names = new Map(record.facts.columns.map((column) => [column.fieldId, column.path.join('.')]));
    const added = findings.tags.filter(
      ({ fieldId, tag }) =>
        names.has(fieldId) && !record.tags.some((row) => row.field_id === fieldId && row.tag === tag),
    );
    const commit = await parts.committer.update(record, {
      metadata: null,
      files: [],
      attributes: { detector_version: parts.detector.version },
      tags: added.map(({ fieldId, tag, confidence }) => ({
        field_id: fieldId,
        tag,
        source: 'detected' as const,
        confidence,
      })),
      lineage: null,
      nowMs,
    });
    statements.push(...commit.statements);
    const missing = record.tags.filter(
      (row) =>
        row.source === 'detected' &&
        !findings.tags.some(({ fieldId, tag }) => fieldId === row.field_id && tag === row.tag),
    );
    datasets.push({
      dataset: record.row.name,
      tags_added: added.map(({ fieldId, tag, confidence }) => ({
        column: names.get(fieldId) ?? '',
        tag,
        confidence,
      })),
      tags_not_found: missing.map((row) => ({ column: names.get(row.field_id) ?? '', tag: row.tag })),
      suspected_columns: [...findings.suspectedColumns],
    });
  }
  const answer = (eventId: string | null): z.infer<typeof output> => ({
    detector_version: parts.detector.version,
    datasets,
    unreadable_datasets: [...round.unreadable],
    remaining: round.remaining,
    journal_event_id: eventId,
  });
  if (statements.length === 0) return { statements, event: null, output: answer };
  const data = { detector_version: parts.detector.version, datasets };
  return {
    statements,
    event: { action: 'catalog.metadata_resynced', subject: 'catalog', data },
    output: answer,
  };
}
