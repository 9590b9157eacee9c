import { z } from 'zod';
import {
  type DatasetDecision,
  isUnrestricted,
  nothingToJudge,
  type ReadAnswer,
  type ReadScope,
  readOperation,
} from '../../../govern/scope/index.ts';
import type { IngestRow } from '../../../metastore/tables/ingest.ts';
import type { IngestParts } from '../ingest-attempt.ts';

/** Rows looked through for one page: a caller with few grants gets a short page and a token, not a long wait. */
const MAX_SCANNED = 2_000;

const input = z.strictObject({
  dataset: z.string().max(128).optional().describe('Only ingests into this dataset.'),
  limit: z.int().min(1).max(200).default(50).describe('Ingests of one page.'),
  before: z.uuid().optional().describe('Only ingests before this one: `next_before` of the page before.'),
});
const output = z.strictObject({
  ingests: z.array(
    z.strictObject({
      ingest_id: z.string(),
      dataset: z.string(),
      mode: z.string(),
      format: z.string(),
      identity: z.string(),
      file_name: z.string().nullable(),
      size_bytes: z
        .int()
        .nullable()
        .describe('Null, as the hash, where a row filter or a mask applies to you.'),
      sha256: z.string().nullable(),
      row_count: z
        .int()
        .nullable()
        .describe('Null, as the rejected rows, where a row filter applies to you.'),
      rejected_count: z.int().nullable(),
      snapshot_id: z.string().nullable(),
      created_at: z.string(),
    }),
  ),
  next_before: z.string().nullable(),
});
type Output = z.infer<typeof output>;

/** Ingested files of the datasets that the caller may read, newest first. */
export function listIngests(parts: IngestParts) {
  return readOperation<z.infer<typeof input>, Output, null>({
    name: 'ingest.list',
    summary: 'List ingests',
    description: 'Lists what was ingested into the datasets you may read, newest first.',
    input,
    output,
    access: { kind: 'authenticated', reason: 'Shows only ingests of datasets the caller may read.' },
    truth: nothingToJudge('A list of files makes no claim.'),
    async run(scope, given): Promise<ReadAnswer<Output>> {
      const decisionOf = decisions(parts, scope);
      const shown: Output['ingests'][number][] = [];
      let before = given.before ?? null;
      let scanned = 0;
      let isOver = false;
      while (shown.length < given.limit && scanned < MAX_SCANNED && !isOver) {
        const rows = await parts.records.latest(given.dataset ?? null, before, 200);
        isOver = rows.length < 200;
        for (const row of rows) {
          if (shown.length === given.limit) {
            isOver = false;
            break;
          }
          before = row.ingest_id;
          scanned++;
          const decision = await decisionOf(row);
          if (decision !== null) shown.push(shownRow(row, decision));
        }
      }
      return { kind: 'value', value: { ingests: shown, next_before: isOver ? null : before } };
    },
  });
}

/** The caller's right to read a row's dataset, asked for once per dataset; null where there is none. */
function decisions(
  parts: IngestParts,
  scope: ReadScope,
): (row: IngestRow) => Promise<DatasetDecision | null> {
  const known = new Map<string, DatasetDecision | null>();
  return async (row) => {
    const answered = known.get(row.dataset_id);
    if (answered !== undefined) return answered;
    const facts = await parts.catalog.facts(scope, row.dataset_name);
    const reading = facts?.datasetId === row.dataset_id ? scope.authorise(facts, 'read') : null;
    const decision = reading?.allowed === true ? reading.decision : null;
    known.set(row.dataset_id, decision);
    return decision;
  };
}

/** Counts tell of hidden rows, a hash and a size of hidden values: each is held back as in describing the dataset. */
function shownRow(row: IngestRow, decision: DatasetDecision): Output['ingests'][number] {
  const filtered = decision.rowFilters.length > 0;
  const hides = !isUnrestricted(decision);
  return {
    ingest_id: row.ingest_id,
    dataset: row.dataset_name,
    mode: row.mode,
    format: row.format,
    identity: row.identity,
    file_name: row.file_name,
    size_bytes: hides ? null : row.source_bytes,
    sha256: hides ? null : row.source_sha256,
    row_count: filtered ? null : row.row_count,
    rejected_count: filtered ? null : row.rejected_count,
    snapshot_id: row.snapshot_id,
    created_at: new Date(row.created_ms).toISOString(),
  };
}
