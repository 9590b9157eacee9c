import { z } from 'zod';
import { collectBytes, isLakeError, LakeError } from '../../base/index.ts';
import type { Invocation } from '../../govern/scope/index.ts';
import type { ScrumIterationRow } from '../../metastore/tables/scrum.ts';
import {
  type AttemptRow,
  type FindingRow,
  KNOWLEDGE_DATASETS,
  type KnowledgeRows,
  type ReviewRow,
  type RowKind,
  readRow,
  storedRow,
} from '../knowledge/index.ts';
import { scrumErrors } from './errors.ts';

type Nested = Invocation<unknown>['nested'];

interface Rows {
  readonly reviews: ReviewRow;
  readonly findings: FindingRow;
  readonly attempts: AttemptRow;
}

const ABSENT = 'door.dataset_not_found';
/** Longest answer that is read at once: some hundred thousand rows. */
const MAX_BYTES = 268_435_456;

/** Makes the datasets of the knowledge base where they are not there, as the caller, with every column declared. */
export async function ensureDatasets(nested: Nested): Promise<void> {
  for (const { name, columns } of Object.values(KNOWLEDGE_DATASETS)) {
    try {
      await nested('catalog.datasets.describe', { name });
      continue;
    } catch (error) {
      // Not there, or not granted, which answers the same: the making of it tells the two apart.
      if (!isLakeError(error) || error.code !== ABSENT) throw error;
    }
    await nested('catalog.datasets.register', { name, columns: columns.map((column) => ({ ...column })) });
  }
}

/**
 * Rows of one dataset by a condition over its columns, as the caller: grants, masks and row filters apply. Throws
 * `scrum.knowledge_unreadable` where a row is not one of the schema, as where a mask took a needed value.
 */
export async function readKnowledge<Kind extends RowKind>(
  nested: Nested,
  kind: Kind,
  condition: string,
  params: Readonly<Record<string, string | number>>,
): Promise<readonly Rows[Kind][]> {
  const { name, columns } = KNOWLEDGE_DATASETS[kind];
  const selected = columns.map((column) => `"${column.name}"`).join(', ');
  const lines = await queriedLines(nested, `SELECT ${selected} FROM ${name} WHERE ${condition}`, params);
  return lines.map((line) => {
    const read = readRow(kind, line);
    if (read.ok) return read.row;
    throw unreadable(`A row of ${name} is not of its schema: ${read.reason}.`);
  });
}

async function queriedLines(
  nested: Nested,
  sql: string,
  params: Readonly<Record<string, string | number>>,
): Promise<readonly unknown[]> {
  const answer = await nested('query.sql', { sql, params: { ...params }, format: 'ndjson' });
  if (answer.kind === 'value') throw new Error('query.sql answers with a stream');
  const bytes = await collectBytes(answer.chunks, MAX_BYTES);
  if (bytes === null)
    throw unreadable('The knowledge base holds more rows of this than can be read at once.');
  const lines = bytes.toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line));
}

/**
 * What is known of these iterations of a repository and of those that they were compared with: what was imported since,
 * or runs elsewhere, has no part in them, whatever its number is. Attempts are all those of the repository. A dataset
 * that nobody made yet, or that is not granted, is the caller's refusal.
 */
export async function knowledgeOf(
  nested: Nested,
  repository: string,
  iterations: readonly ScrumIterationRow[],
): Promise<KnowledgeRows> {
  const ids = new Set(
    iterations.flatMap(({ iteration_id: id, known_json: json }): string[] => [id, ...JSON.parse(json)]),
  );
  const isKnown = ({ iteration_id: id }: { readonly iteration_id: string }) => ids.has(id);
  const of = <Kind extends RowKind>(kind: Kind) =>
    readKnowledge(nested, kind, 'repository = $repository', { repository });
  const [reviews, findings, attempts] = await Promise.all([of('reviews'), of('findings'), of('attempts')]);
  return { reviews: reviews.filter(isKnown), findings: findings.filter(isKnown), attempts };
}

/** What these models ever did, in whatever repository the caller may read. */
export async function attemptsOf(nested: Nested, models: readonly string[]): Promise<readonly AttemptRow[]> {
  const names = Object.fromEntries(models.map((model, index) => [`model_${index}`, model]));
  const isAsked = Object.keys(names).map((name) => `$${name}`);
  return readKnowledge(nested, 'attempts', `model IN (${isAsked.join(', ')})`, names);
}

/** The iterations that the knowledge base has rows of, wherever they were run. */
export async function publishedIterations(
  nested: Nested,
  repository: string,
): Promise<readonly { readonly iteration_id: string; readonly iteration: number }[]> {
  const of = (name: string) => `SELECT iteration_id, iteration FROM ${name} WHERE repository = $repository`;
  const { reviews, findings } = KNOWLEDGE_DATASETS;
  const sql = `${of(reviews.name)} UNION ${of(findings.name)}`;
  const lines = await queriedLines(nested, sql, { repository });
  return lines.map((line) => {
    const row = publishedIteration.safeParse(line);
    if (row.success) return row.data;
    throw unreadable('Iterations of kb.reviews and kb.findings cannot be read as they are.');
  });
}

const publishedIteration = z.object({ iteration_id: z.string(), iteration: z.coerce.number().int() });

const ingested = z.object({ ingest_id: z.string(), row_count: z.int(), duplicate: z.boolean() });

/**
 * Appends rows to a dataset, as the caller. The same rows again are one ingest: that is what makes a second finish, or
 * one after a crash, publish nothing twice.
 */
export async function publishRows<Kind extends RowKind>(
  nested: Nested,
  kind: Kind,
  rows: readonly Rows[Kind][],
  iterationId: string,
): Promise<void> {
  if (rows.length === 0) return;
  const { name } = KNOWLEDGE_DATASETS[kind];
  const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(storedRow<Kind>(row))}\n`).join(''));
  const input = {
    dataset: name,
    mode: 'append',
    format: 'ndjson',
    file_name: `${kind}-${iterationId}.ndjson`,
  };
  const answer = await nested('ingest.file', input, once(bytes));
  const taken = ingested.parse(answer.kind === 'value' ? answer.value : null);
  if (taken.row_count === rows.length) return;
  throw unreadable(`${name} took ${taken.row_count} of ${rows.length} rows.`);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function unreadable(detail: string): LakeError {
  return new LakeError(scrumErrors.knowledge_unreadable, { detail });
}
