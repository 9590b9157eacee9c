import type { DatasetDemand } from '../../../govern/scope/index.ts';
import { mutationOperation } from '../../../govern/scope/index.ts';
import { requireDatasetName } from '../../catalogd/index.ts';
import { claimedFormat } from '../file-format.ts';
import type { IngestParts } from '../ingest-attempt.ts';
import { type IngestInput, type IngestOutput, ingestInput, ingestOutput } from '../ingest-input.ts';
import { prepareIngest } from '../prepare-ingest.ts';

/** Takes a file into a dataset: all of its rows, or those that fit with the others set aside, or none. */
export function ingestFile(parts: IngestParts) {
  return mutationOperation<IngestInput, IngestOutput, null>({
    name: 'ingest.file',
    summary: 'Ingest a file',
    description:
      'Takes CSV, TSV, NDJSON, a JSON array or Parquet, each also compressed with gzip, into a dataset, which is made ' +
      'where it is not there. Types are found over all values; a value that does not fit is never lost: it refuses ' +
      'the file (`on_error=abort`, naming line and column) or sets its row aside (`quarantine`). The same content ' +
      'twice is one ingest. Into a dataset that is there, rows are appended unless `mode` says otherwise, and columns may be ' +
      'added or widened, or filled with null where the file lacks them: `effect`, `rows_before` and `column_changes` say so. ' +
      'Content-Digest and Repr-Digest (sha-256, sha-512) of the body are verified.',
    input: ingestInput,
    output: ingestOutput,
    access: {
      kind: 'demands',
      async resolve(scope, given) {
        requireDatasetName(given.dataset);
        const facts = await parts.catalog.facts(scope, given.dataset);
        const demand = { kind: 'dataset', name: given.dataset, facts, mayCreate: true } as const;
        const write: DatasetDemand = { ...demand, action: 'write' };
        // Replacing takes every row away that was there before.
        const removes = given.mode === 'replace' && facts !== null;
        return {
          demands: removes ? [write, { ...demand, action: 'delete' }] : [write],
          resolved: null,
        };
      },
    },
    truth: {
      before: {
        taskClass: 'ingest',
        context: (given) => ({
          dataset: given.dataset,
          mode: given.mode,
          on_error: given.on_error,
          file_name: given.file_name ?? null,
          format: claimedFormat({
            format: given.format ?? null,
            fileName: given.file_name ?? null,
            contentType: given.content_type ?? null,
          }),
        }),
      },
      after: { taskClass: 'ingest' },
    },
    prepare: (scope, given, content) => prepareIngest(parts, scope, given, content),
  });
}
