import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import {
  KNOWLEDGE_DATASETS,
  type KnowledgeFile,
  type KnowledgeRows,
  knowledgeLines,
  type OverlappingIterations,
  placedIterations,
  type RowKind,
  readKnowledgeLines,
  storedRow,
} from '../../review/knowledge/index.ts';
import { type ApiClient, pathOf } from '../api-client.ts';
import { CliFailure, EXIT_CODES } from '../cli-failure.ts';
import { uploadChunks } from '../upload-file.ts';

const KINDS: readonly RowKind[] = ['reviews', 'findings', 'attempts'];

/**
 * The rows of one repository, or of all, as the caller may see them; a dataset that is not there has none. What cannot
 * be read, as behind a mask, is in `problems`, with a number among the rows in place of a line's.
 */
export async function readKnowledge(
  api: ApiClient,
  repository: string | undefined,
  signal: AbortSignal,
): Promise<KnowledgeFile> {
  const lines: string[] = [];
  for (const kind of KINDS) {
    const { name } = KNOWLEDGE_DATASETS[kind];
    for await (const row of queriedRows(api, kind, repository, signal))
      lines.push(JSON.stringify({ ...row, dataset: name }));
  }
  return readKnowledgeLines(lines.join('\n'), repository ?? '');
}

async function* queriedRows(
  api: ApiClient,
  kind: RowKind,
  repository: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<object> {
  const { name, columns } = KNOWLEDGE_DATASETS[kind];
  const selected = columns.map((column) => `"${column.name}"`).join(', ');
  const filter = repository === undefined ? '' : ' WHERE repository = $1';
  try {
    const { body } = await api.stream({
      method: 'POST',
      path: '/query/sql',
      json: {
        sql: `SELECT ${selected} FROM ${name}${filter} ORDER BY ALL`,
        format: 'ndjson',
        ...(repository === undefined ? {} : { params: [repository] }),
      },
      headers: { accept: 'application/x-ndjson' },
      signal,
    });
    if (body === null) return;
    for await (const line of createInterface({ input: Readable.from(body), crlfDelay: Infinity }))
      if (line !== '') yield JSON.parse(line);
  } catch (error) {
    // A knowledge base that was never written to is an empty one.
    if (!(error instanceof CliFailure) || error.facts.status !== 404) throw error;
  }
}

/** Rows by dataset. */
export type WrittenRows = Readonly<Record<RowKind, number>>;

/**
 * Appends the rows that are not there yet; a dataset is made with its declared columns where there is none. Iterations
 * whose numbers others have there are refused, and nothing is added, unless they may be numbered anew.
 */
export async function writeKnowledge(
  api: ApiClient,
  given: KnowledgeRows,
  options: { readonly renumber: boolean; readonly signal: AbortSignal },
): Promise<WrittenRows> {
  const { renumber, signal } = options;
  const known = await readKnowledge(api, undefined, signal);
  const { overlaps, rows } = placedIterations(given, known, renumber);
  if (overlaps.length > 0) throw overlapping(overlaps);
  const present = new Set(knowledgeLines(known).split('\n'));
  return {
    reviews: await append(api, 'reviews', fresh(rows, 'reviews', present), signal),
    findings: await append(api, 'findings', fresh(rows, 'findings', present), signal),
    attempts: await append(api, 'attempts', fresh(rows, 'attempts', present), signal),
  };
}

function overlapping(overlaps: readonly OverlappingIterations[]): CliFailure {
  const told = overlaps.map(({ numbers, repository }) => {
    const some = numbers.slice(0, 5).join(', ');
    const rest = numbers.length > 5 ? ` and ${numbers.length - 5} more` : '';
    return `${numbers.length === 1 ? 'number' : 'numbers'} ${some}${rest} of ${repository}`;
  });
  return new CliFailure(EXIT_CODES.failed, {
    code: 'cli.iterations_overlap',
    detail:
      `Nothing is added: ${told.join('; ')} would be two iterations each. Give --renumber to add those of the file ` +
      'after all that are there, in their order.',
    overlaps,
  });
}

/** Rows of one kind that are not there, each once, as their dataset holds them. */
function fresh(rows: KnowledgeRows, kind: RowKind, present: ReadonlySet<string>): readonly string[] {
  const none = { reviews: [], findings: [], attempts: [] };
  const taken = new Set(present);
  return rows[kind].flatMap((row) => {
    const line = knowledgeLines({ ...none, [kind]: [row] }).trimEnd();
    if (taken.has(line)) return [];
    taken.add(line);
    return [`${JSON.stringify(storedRow(row))}\n`];
  });
}

async function append(
  api: ApiClient,
  kind: RowKind,
  lines: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  if (lines.length === 0) return 0;
  const { name, columns } = KNOWLEDGE_DATASETS[kind];
  if (!(await isThere(api, name, signal)))
    await api.json({ method: 'POST', path: '/catalog/datasets', json: { name, columns }, signal });
  const chunks = lines.map((line) => Buffer.from(line));
  const answer = await uploadChunks(api, `${name}.ndjson`, asAsync(chunks), {
    dataset: name,
    mode: 'append',
    onError: 'abort',
    signal,
  });
  return answer.row_count;
}

async function isThere(api: ApiClient, name: string, signal: AbortSignal): Promise<boolean> {
  const path = pathOf`/catalog/datasets/by-name/${name}`;
  return (await api.probe({ method: 'GET', path, signal })).status !== 404;
}

async function* asAsync(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
