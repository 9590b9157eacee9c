import { z } from 'zod';
import {
  type DatasetDecision,
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
      size_bytes: z.int().nullable().describe('Null where a mask or a row filter applies to you.'),
      sha256: z
        .string()
        .nullable()
        .describe(
          'Null where a mask or a row filter applies to you: it would prove a guess of what is hidden.',
        ),
      row_count: z.int().nullable().describe('Null where a row filter applies to you.'),
      rejected_count: z.int().nullable().describe('Null where a row filter applies to you.'),
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
      const decisionOn = readDecisions(parts, scope);
      const shown: Output['ingests'] = [];
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
          const decision = await decisionOn(row);
          if (decision !== null) shown.push(shownRow(row, decision));
        }
      }
      return { kind: 'value', value: { ingests: shown, next_before: isOver ? null : before } };
    },
  });
}

/** How the caller may read a row's dataset, null for not at all; asked once per dataset. */
function readDecisions(
  parts: IngestParts,
  scope: ReadScope,
): (row: IngestRow) => Promise<DatasetDecision | null> {
  const known = new Map<string, DatasetDecision | null>();
  return async (row) => {
    const answered = known.get(row.dataset_id);
    if (answered !== undefined) return answered;
    const facts = await parts.catalog.facts(scope, row.dataset_name);
    const read = facts?.datasetId === row.dataset_id ? scope.authorise(facts, 'read') : null;
    const decision = read?.allowed === true ? read.decision : null;
    known.set(row.dataset_id, decision);
    return decision;
  };
}

/** What tells of rows and values that the caller does not see is held back, as in the catalog's answers. */
function shownRow(row: IngestRow, { masks, rowFilters }: DatasetDecision): Output['ingests'][number] {
  const seesRows = rowFilters.length === 0;
  const seesContent = seesRows && masks.size === 0;
  return {
    ingest_id: row.ingest_id,
    dataset: row.dataset_name,
    mode: row.mode,
    format: row.format,
    identity: row.identity,
    file_name: row.file_name,
    size_bytes: seesContent ? row.source_bytes : null,
    sha256: seesContent ? row.source_sha256 : null,
    row_count: seesRows ? row.row_count : null,
    rejected_count: seesRows ? row.rejected_count : null,
    snapshot_id: row.snapshot_id,
    created_at: new Date(row.created_ms).toISOString(),
  };
}
