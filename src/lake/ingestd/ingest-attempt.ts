import { type Clock, type IdGenerator, type JsonObject, LakeError } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { DatasetFacts, MutationAttempt, WriteScope } from '../../govern/scope/index.ts';
import type { IngestRow } from '../../metastore/tables/ingest.ts';
import type {
  Catalog,
  ColumnChange,
  DatasetChange,
  FoundTag,
  IcebergField,
  PiiDetector,
  TagFindings,
} from '../catalogd/index.ts';
import type { SystemFiles } from '../storaged/index.ts';
import { dataFileName, type WrittenRows } from './data-file.ts';
import { ingestErrors } from './errors.ts';
import type { FileFormat } from './file-format.ts';
import type { FileTable } from './file-table.ts';
import type { IngestEngine } from './ingest-engine.ts';
import type { IngestInput, IngestOutput } from './ingest-input.ts';
import type { IngestRecords } from './ingest-records.ts';
import { describeRejection } from './rejected-row.ts';
import type { Upload } from './upload.ts';

/** What the operations of this room share. */
export interface IngestParts {
  readonly catalog: Catalog;
  readonly engine: IngestEngine;
  readonly detector: PiiDetector;
  readonly files: SystemFiles;
  readonly records: IngestRecords;
  readonly config: Config['ingest'];
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly ingested: (row: IngestRow) => void;
}

/** A file that was received and told apart. */
export interface Received {
  readonly id: string;
  readonly input: IngestInput;
  readonly upload: Upload;
  readonly format: FileFormat;
  readonly contentKey: string;
}

/** Its rows, written into a data file that nothing refers to yet. */
export interface Written {
  readonly change: DatasetChange;
  readonly rows: WrittenRows | null;
  readonly table: FileTable;
  readonly personal: TagFindings;
}

/** One attempt to commit: looks again whether the content came in meanwhile, then plans against the current pointer. */
export async function commitAttempt(
  parts: IngestParts,
  scope: WriteScope,
  received: Received,
  written: Written,
): Promise<MutationAttempt<IngestOutput>> {
  const { id, input, upload } = received;
  const facts = await parts.catalog.facts(scope, input.dataset);
  const earlier = facts && (await earlierIngest(parts, scope, received, facts));
  if (facts !== null && earlier !== null && earlier.done !== null) {
    const duplicate = duplicateAttempt(parts, received, facts, earlier.done);
    return { ...duplicate, afterCommit: async () => discardWritten(parts, id, written) };
  }
  const lostFile = earlier?.lostFile ?? null;
  const change = lostFile === null ? written.change : { ...written.change, lostFile };
  const planned = await parts.catalog.planCommit(scope, change);
  const rowCount = written.rows?.file.recordCount ?? 0;
  const row: IngestRow = {
    ingest_id: id,
    dataset_id: planned.datasetId,
    dataset_name: input.dataset,
    mode: input.mode,
    format: received.format,
    identity: scope.identity.name,
    file_name: input.file_name ?? null,
    source_bytes: upload.sourceBytes,
    source_sha256: upload.sourceSha256,
    content_sha256: upload.contentSha256,
    content_key: received.contentKey,
    row_count: rowCount,
    rejected_count: written.table.rejectedRows,
    snapshot_id: planned.snapshotId,
    quarantine_name: written.table.quarantineName,
    created_ms: parts.clock.nowMs(),
  };
  const columnChanges = planned.before?.columnChanges ?? [];
  return {
    statements: [
      ...planned.statements,
      ...parts.records.record(row, received.contentKey, earlier?.lastId ?? null),
    ],
    event: {
      action: 'dataset.ingested',
      subject: `dataset:${planned.datasetId}`,
      data: {
        ...planned.eventData,
        ingest_id: id,
        format: received.format,
        rejected_count: row.rejected_count,
      },
    },
    status: 201,
    rowCount,
    discard: planned.discard,
    afterCommit: async () => parts.ingested(row),
    truthContext: {
      ...truthContext(received, row, written),
      column_changes: namesByKind(columnChanges),
    },
    ...saidOfRejected(written.table),
    output: (eventId) => ({
      ...answerOf(row, false),
      effect: effectOf(input.mode, { isNew: planned.before === null, isLost: lostFile !== null }),
      rows_before: planned.before === null ? 0 : planned.before.rowCount,
      column_changes: columnChanges.map((one) => ({ ...one })),
      columns: planned.schema.fields.map((field) => ({
        name: field.name,
        type: typeText(field.type),
        tags: tagsWithin(field.name, facts, written.personal.tags),
      })),
      suspected_columns: [...written.personal.suspectedColumns],
      journal_event_id: eventId,
    }),
  };
}

/** What brought the same content into the dataset before. */
interface EarlierIngest {
  /** The ingest that did already what is asked for; null where none did. */
  readonly done: IngestRow | null;
  /** The last one, by which the next is guarded. */
  readonly lastId: string;
  /** The name of the data file that the dataset names and that is gone; null where there is none. */
  readonly lostFile: string | null;
}

/**
 * The ingests of the same content, and what became of their rows; null where there is none. Any of them may be part of the
 * dataset: a rollback takes the last one out and brings an earlier one back.
 */
export async function earlierIngest(
  parts: IngestParts,
  scope: WriteScope,
  received: Received,
  facts: DatasetFacts,
): Promise<EarlierIngest | null> {
  const same = await parts.records.ofContent(facts.datasetId, received.contentKey);
  if (same === null) return null;
  let lostFile: string | null = null;
  for (const row of same.rows) {
    const fileName = dataFileName(row.ingest_id);
    // An ingest without rows made no file; there is nothing of it to be lost.
    const state = row.row_count === 0 ? 'live' : await parts.catalog.fileState(scope, facts, fileName);
    if (state === 'gone') lostFile = fileName;
    // A replacement by its rows has been made where they are all that is there.
    const isDone =
      state === 'live' &&
      (received.input.mode !== 'replace' || row.row_count === (await parts.catalog.rowCount(scope, facts)));
    if (isDone) return { done: row, lastId: same.lastId, lostFile: null };
  }
  return { done: null, lastId: same.lastId, lostFile };
}

function effectOf(mode: IngestInput['mode'], was: { isNew: boolean; isLost: boolean }) {
  if (was.isNew) return 'created';
  if (mode === 'replace') return 'replaced';
  return was.isLost ? 'restored' : 'appended';
}

/** The same content is part of the dataset already: nothing changes, and the answer says which ingest it was. */
export function duplicateAttempt(
  parts: IngestParts,
  received: Received,
  facts: DatasetFacts,
  earlier: IngestRow,
): MutationAttempt<IngestOutput> {
  return {
    statements: [],
    event: null,
    status: 201,
    rowCount: earlier.row_count,
    truthContext: truthContext(received, earlier, null),
    output: () => ({
      ...answerOf(earlier, true),
      effect: 'unchanged',
      rows_before: null,
      column_changes: [],
      columns: facts.columns
        .filter((column) => column.path.length === 1)
        .map(({ path: [name = ''], type }) => ({ name, type, tags: tagsWithin(name, facts, []) })),
      suspected_columns: [],
      journal_event_id: null,
    }),
    afterCommit: () => discardFiles(parts, received.id),
  };
}

/** Nothing came: the rules see a file of no bytes and rows, and where they let it pass there is still nothing to take. */
export function emptyAttempt(): MutationAttempt<IngestOutput> {
  return {
    statements: [],
    event: null,
    truthContext: {
      empty: true,
      file_bytes: 0,
      row_count: 0,
      column_count: 0,
      rejected_count: 0,
      rejected_ratio: 0,
    },
    output() {
      throw new LakeError(ingestErrors.empty_file, { detail: 'The file holds no byte of content.' });
    },
  };
}

/** Tags of a column and of what is inside it: those it had, and those that were found now. */
function tagsWithin(name: string, facts: DatasetFacts | null, found: readonly FoundTag[]): string[] {
  const had = (facts?.columns ?? []).filter(({ path }) => path[0] === name).flatMap(({ tags }) => tags);
  const now = found.filter(({ path }) => path[0] === name).map(({ tag }) => tag);
  return [...new Set([...had, ...now])];
}

/** The rows that were rejected are kept nowhere when a rule stops the ingest, and may be the reason. */
function saidOfRejected({
  rejectedRows,
  rejections,
}: FileTable): Pick<MutationAttempt<never>, 'whenStopped'> {
  const [first] = rejections;
  if (first === undefined) return {};
  const detail = `${rejectedRows === 1 ? 'One row was' : `${rejectedRows} rows were`} rejected; the first: ${describeRejection(first)}.`;
  const errors = rejections.map(({ line, column, reason }) => ({ line, column, reason }));
  return { whenStopped: { detail, data: { errors, rejected_count: rejectedRows } } };
}

function truthContext(received: Received, row: IngestRow, written: Written | null): JsonObject {
  const seen = row.row_count + row.rejected_count;
  return {
    dataset: received.input.dataset,
    format: received.format,
    mode: received.input.mode,
    duplicate: written === null,
    empty: row.row_count === 0,
    file_bytes: received.upload.sourceBytes,
    row_count: row.row_count,
    rejected_count: row.rejected_count,
    rejected_ratio: seen === 0 ? 0 : row.rejected_count / seen,
    ...(written === null
      ? {}
      : {
          column_count: written.table.columns.length,
          tagged_columns: new Set(written.personal.tags.map(({ fieldId }) => fieldId)).size,
          suspected_columns: [...written.personal.suspectedColumns],
        }),
  };
}

/** Lists of names, so that a rule may ask for one kind of change, and for columns by pattern. */
function namesByKind(changes: readonly ColumnChange[]): JsonObject {
  const named = (kind: ColumnChange['kind']) =>
    changes.filter((one) => one.kind === kind).map(({ column }) => column);
  return {
    added: named('added'),
    widened: named('widened'),
    removed: named('removed'),
    filled_with_null: named('filled_with_null'),
  };
}

function answerOf(row: IngestRow, duplicate: boolean) {
  return {
    dataset: row.dataset_name,
    dataset_id: row.dataset_id,
    ingest_id: row.ingest_id,
    snapshot_id: row.snapshot_id,
    row_count: row.row_count,
    rejected_count: row.rejected_count,
    duplicate,
  };
}

function typeText(type: IcebergField['type']): string {
  if (typeof type === 'string') return type;
  if (type.type === 'list') return `list<${typeText(type.element)}>`;
  if (type.type === 'map') return `map<${typeText(type.key)}, ${typeText(type.value)}>`;
  return `struct<${type.fields.map((field) => `${field.name}: ${typeText(field.type)}`).join(', ')}>`;
}

/** Removes what an ingest keeps outside the warehouse. */
export async function discardFiles(parts: IngestParts, id: string): Promise<void> {
  await parts.files.remove('sources', id);
  await parts.files.remove('quarantine', id);
  await parts.files.remove('work', id);
  await parts.files.remove('work', `${id}.clean`);
}

/** The same, and the rows that were written into the warehouse. */
export async function discardWritten(parts: IngestParts, id: string, written: Written): Promise<void> {
  if (written.rows !== null) await parts.files.removeDataFile(written.rows.file.path);
  await discardFiles(parts, id);
}
