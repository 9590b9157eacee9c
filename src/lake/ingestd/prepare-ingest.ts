import { isLakeError, type JsonObject, LakeError } from '../../base/index.ts';
import type {
  DatasetFacts,
  MutationInvocation,
  PreparedMutation,
  WriteScope,
} from '../../govern/scope/index.ts';
import { type DatasetChange, findTags, type IcebergField } from '../catalogd/index.ts';
import type { SystemFiles } from '../storaged/index.ts';
import { writeDataFile } from './data-file.ts';
import { ingestErrors } from './errors.ts';
import { claimedFormat, type FileFormat, settleFormat } from './file-format.ts';
import type { FileTable } from './file-table.ts';
import {
  commitAttempt,
  discardFiles,
  discardWritten,
  duplicateAttempt,
  earlierIngest,
  emptyAttempt,
  type IngestParts,
  type Received,
  type Written,
} from './ingest-attempt.ts';
import { isRefusedByEngine } from './ingest-engine.ts';
import type { IngestInput, IngestOutput } from './ingest-input.ts';
import { contentKeyOf } from './ingest-records.ts';
import { unreadable } from './parquet-table.ts';
import { readTables } from './read-table.ts';
import { findInvalidLine } from './readable-file.ts';
import { receiveUpload, type Upload } from './upload.ts';
import { isReadableType } from './value-type.ts';

/**
 * Receives a file, reads it and writes its rows, all out of sight: body to disk → format → rows into a data file →
 * personal columns. The commit that makes them a snapshot is the door's.
 */
export async function prepareIngest(
  parts: IngestParts,
  scope: WriteScope,
  input: IngestInput,
  content: Pick<MutationInvocation<unknown>, 'body' | 'contentSha256'>,
): Promise<PreparedMutation<IngestOutput>> {
  const id = parts.ids.next();
  const { max_bytes: maxBytes, max_expansion: maxExpansion } = parts.config;
  const upload = await receiveUpload(parts.files, {
    id,
    body: watched(content.body, scope.signal),
    sha256: content.contentSha256,
    contentEncoding: input.content_encoding?.trim().toLowerCase() ?? null,
    limits: { maxBytes, maxExpansion },
  });
  let discard = () => discardFiles(parts, id);
  try {
    if (upload.kind.kind === 'empty') return { attempt: async () => emptyAttempt(), discard };
    if (!upload.isUtf8 && input.on_error === 'abort') throw await notUtf8(parts.files, upload);
    const received = { id, input, upload, ...identified(input, upload) };
    const facts = await parts.catalog.facts(scope, input.dataset);
    requireMode(input, facts);
    const earlier = facts && (await earlierIngest(parts, scope, received, facts));
    const done = earlier?.done ?? null;
    if (facts !== null && done !== null) {
      return { attempt: async () => duplicateAttempt(parts, received, facts, done), discard };
    }
    const written = await writeRows(parts, scope, received, facts);
    discard = () => discardWritten(parts, id, written);
    await parts.files.remove('work', id);
    await parts.files.remove('work', `${id}.clean`);
    // The source goes to the disk while the engine reads it; the commit that names it comes after both.
    await upload.durable;
    await Promise.all([parts.files.keep('sources'), parts.files.keep('quarantine')]);
    return { attempt: () => commitAttempt(parts, scope, received, written), discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

function identified(input: IngestInput, upload: Upload): { format: FileFormat; contentKey: string } {
  const claimed = claimedFormat({
    format: input.format ?? null,
    fileName: input.file_name ?? null,
    contentType: input.content_type ?? null,
  });
  const format = settleFormat(claimed, upload.kind);
  const options = { format, delimiter: input.delimiter ?? null, header: input.header ?? null };
  return { format, contentKey: contentKeyOf(upload.contentSha256, options) };
}

async function notUtf8(files: SystemFiles, upload: Upload): Promise<LakeError> {
  const line = await findInvalidLine({ files, ...upload.readable });
  return new LakeError(ingestErrors.invalid_text, {
    detail: `Line ${line ?? 1} is not valid UTF-8. Convert the file, or set such lines aside with on_error=quarantine.`,
    data: { errors: [{ line, column: null, reason: 'not valid UTF-8' }] },
  });
}

async function writeRows(
  parts: IngestParts,
  scope: WriteScope,
  received: Received,
  facts: DatasetFacts | null,
): Promise<Written> {
  const { id, input, format } = received;
  const targets = input.mode === 'replace' ? new Map<string, string>() : primitiveColumns(facts);
  const request = { ...received, targets, signal: scope.signal };
  let refusal: unknown;
  let refused: FileTable | null = null;
  for await (const table of readTables(parts, request)) {
    try {
      return await writeTable(parts, scope, received, table);
    } catch (error) {
      if (!isRefusedByEngine(error) && !(error instanceof RowsMiscounted)) throw error;
      scope.log.info(
        { ingest_id: id, reason: isLakeError(error) ? error.code : 'another number of rows' },
        'the engine did not read the file as it is',
      );
      refusal = error;
      refused = table;
    }
  }
  if (format === 'parquet') throw unreadable(refusal, refused);
  throw new LakeError(ingestErrors.corrupt_file, {
    detail: 'The file cannot be read as it is; nothing was kept.',
    cause: refusal,
  });
}

async function writeTable(
  parts: IngestParts,
  scope: WriteScope,
  received: Received,
  table: FileTable,
): Promise<Written> {
  const { id, input } = received;
  const columns: IcebergField[] = table.columns.map(({ name, type }) => ({
    id: 0,
    name,
    required: false,
    type,
  }));
  const target = await parts.catalog.writeTarget(scope, { name: input.dataset, mode: input.mode, columns });
  const rows = await writeDataFile({
    engine: parts.engine,
    files: parts.files,
    table,
    schema: target.schema,
    folder: target.folder,
    id,
    sampleRows: parts.config.sample_rows,
    contentBytes: received.upload.readable.sizeBytes,
    memoryLimitMb: parts.config.memory_limit_mb,
    signal: scope.signal,
  });
  if (rows.file.recordCount !== table.expectedRows) {
    await parts.files.removeDataFile(rows.file.path);
    throw new RowsMiscounted(rows.file.recordCount, table.expectedRows);
  }
  const isEmpty = rows.file.recordCount === 0;
  if (isEmpty) await parts.files.removeDataFile(rows.file.path);
  if (rows.file.recordCount > parts.config.max_rows) {
    await parts.files.removeDataFile(rows.file.path);
    throw new LakeError(ingestErrors.too_many_rows, {
      detail: `The file has ${rows.file.recordCount} rows; at most ingest.max_rows = ${parts.config.max_rows} are taken.`,
    });
  }
  const personal = findTags(parts.detector, rows, rows.samples);
  const change: DatasetChange = {
    name: input.dataset,
    datasetId: target.datasetId,
    mode: input.mode,
    schema: target.schema,
    files: isEmpty ? [] : [rows.file],
    missingIds: target.missingIds,
    tags: Map.groupBy(personal.tags, ({ fieldId }) => fieldId),
    owner: target.exists ? null : scope.identity.name,
    description: input.description ?? null,
    lineage: lineageOf(received, table),
  };
  return { change, rows: isEmpty ? null : rows, table, personal };
}

function lineageOf(received: Received, table: FileTable): JsonObject {
  const { upload, input } = received;
  return {
    source: 'upload',
    ingest_id: received.id,
    file_name: input.file_name ?? null,
    format: received.format,
    size_bytes: upload.sourceBytes,
    sha256: upload.sourceSha256,
    content_sha256: upload.contentSha256,
    rejected_count: table.rejectedRows,
  };
}

function requireMode(input: IngestInput, facts: DatasetFacts | null): void {
  if (input.mode !== 'create' || facts === null) return;
  throw new LakeError(ingestErrors.dataset_exists, {
    detail: `The dataset ${facts.name} is there; use mode=append or mode=replace.`,
  });
}

function primitiveColumns(facts: DatasetFacts | null): ReadonlyMap<string, string> {
  const columns = (facts?.columns ?? []).filter(
    (column) => column.path.length === 1 && isReadableType(column.type),
  );
  return new Map(columns.map((column) => [(column.path[0] ?? '').toLowerCase(), column.type]));
}

/** The engine read another number of rows than the file has. */
class RowsMiscounted extends Error {
  constructor(read: number, expected: number) {
    super(`${read} rows read of ${expected}`);
    this.name = 'RowsMiscounted';
  }
}

async function* watched(
  body: AsyncIterable<Uint8Array> | null,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body ?? []) {
    signal.throwIfAborted();
    yield chunk;
  }
  signal.throwIfAborted();
}
