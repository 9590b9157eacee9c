import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import {
  nothingToJudge,
  type ReadAnswer,
  type ReadScope,
  type Resolution,
  type ResolveScope,
  readOperation,
} from '../../../govern/scope/index.ts';
import type { IngestRow } from '../../../metastore/tables/ingest.ts';
import { ingestErrors } from '../errors.ts';
import type { IngestParts } from '../ingest-attempt.ts';

const input = z.strictObject({
  ingest_id: z.uuid().describe('Id of the ingest, from its answer or the list.'),
});
type Input = z.infer<typeof input>;
const truth = nothingToJudge('Stored bytes are given back as they came.');

/** The rows that an ingest set aside, with line and reason: raw rows, so only for who may read without masks. */
export function readRejected(parts: IngestParts) {
  return readOperation<Input, null, IngestRow>({
    name: 'ingest.rejected',
    summary: 'Read the rejected rows of an ingest',
    description:
      'Streams the rows that `on_error=quarantine` set aside: one JSON object per line with `line`, `column`, `reason` ' +
      'and the row as it came (`raw`). Needs a read of the dataset without masks and row filters.',
    input,
    output: z.null(),
    access: { kind: 'demands', resolve: (scope, given) => unmaskedRead(parts, scope, given) },
    truth,
    async run(scope, _given, { resolved }) {
      if (resolved.quarantine_name === null) {
        throw new LakeError(ingestErrors.nothing_rejected, { detail: 'This ingest set no row aside.' });
      }
      const name = resolved.quarantine_name;
      return streamed(parts, scope, resolved, {
        namespace: 'quarantine',
        name,
        contentType: 'application/x-ndjson',
        rows: resolved.rejected_count,
      });
    },
  });
}

/** The file as it was uploaded, byte for byte. */
export function readSource(parts: IngestParts) {
  return readOperation<Input, null, IngestRow>({
    name: 'ingest.source',
    summary: 'Read the uploaded file of an ingest',
    description:
      'Streams the file as it was uploaded. Needs a read of the dataset without masks and row filters.',
    input,
    output: z.null(),
    access: { kind: 'demands', resolve: (scope, given) => unmaskedRead(parts, scope, given) },
    truth,
    run: (scope, _given, { resolved }) =>
      streamed(parts, scope, resolved, {
        namespace: 'sources',
        name: resolved.ingest_id,
        contentType: 'application/octet-stream',
        rows: resolved.row_count,
      }),
  });
}

async function unmaskedRead(
  parts: IngestParts,
  scope: ResolveScope,
  given: Input,
): Promise<Resolution<IngestRow>> {
  const row = await parts.records.byId(given.ingest_id);
  const facts = row && (await parts.catalog.facts(scope, row.dataset_name));
  if (row === null || facts === null || facts.datasetId !== row.dataset_id) {
    throw new LakeError(ingestErrors.not_found, {
      detail: 'There is no ingest of this id, or its dataset is gone.',
    });
  }
  const demand = { kind: 'dataset', name: facts.name, action: 'read', facts, unmasked: true } as const;
  return { demands: [{ ...demand, snapshotId: row.snapshot_id }], resolved: row };
}

async function streamed(
  parts: IngestParts,
  scope: ReadScope,
  row: IngestRow,
  object: { namespace: 'quarantine' | 'sources'; name: string; contentType: string; rows: number },
): Promise<ReadAnswer<null>> {
  scope.decision(row.dataset_id, 'read');
  return {
    kind: 'stream',
    contentType: object.contentType,
    headers: { 'content-disposition': 'attachment', 'x-content-type-options': 'nosniff' },
    chunks: await parts.files.read(object.namespace, object.name),
    rowCount: () => object.rows,
  };
}
