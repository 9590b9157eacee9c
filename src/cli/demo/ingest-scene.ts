import { fileURLToPath } from 'node:url';
import { displayText } from '../display-text.ts';
import { counted, humanCount, humanDuration } from '../human-text.ts';
import { startProgressBar } from '../progress-bar.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { type IngestAnswer, uploadChunks, uploadFile, watched } from '../upload-file.ts';
import type { Caller } from './callers.ts';
import { candidateFile } from './candidates.ts';
import { jobsFile, placementsFile } from './jobs.ts';

export interface LoadedDataset {
  readonly source: string;
  readonly answer: IngestAnswer;
  readonly milliseconds: number;
}

export interface SceneParts {
  readonly terminal: Terminal;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

const REAL_FILES = [
  { file: 'flights-3m.parquet', dataset: 'flights' },
  { file: 'birdstrikes.csv', dataset: 'birdstrikes' },
  { file: 'zipcodes.csv', dataset: 'zipcodes' },
  { file: 'movies.json', dataset: 'movies' },
] as const;

/** Loads the real files of the npm package `vega-datasets` and the generated agency, over HTTP. */
export async function loadDatasets(
  admin: Caller,
  rows: number,
  parts: SceneParts,
): Promise<readonly LoadedDataset[]> {
  const loaded: LoadedDataset[] = [];
  const data = new URL('../data/', import.meta.resolve('vega-datasets'));
  for (const { file, dataset } of REAL_FILES) {
    const startedMs = parts.nowMs();
    const path = fileURLToPath(new URL(file, data));
    const answer = await uploadFile(admin.api, parts.terminal, path, { dataset, signal: parts.signal });
    loaded.push({ source: file, answer, milliseconds: parts.nowMs() - startedMs });
  }
  const startedMs = parts.nowMs();
  const file = candidateFile(rows);
  const bar = startProgressBar(parts.terminal, 'candidates.csv', rows, 'count');
  try {
    const chunks = watched(file.chunks, () => bar.advance(file.rowsDone()));
    const request = { dataset: 'candidates', signal: parts.signal };
    const answer = await uploadChunks(admin.api, 'candidates.csv', chunks, request);
    loaded.push({ source: 'generated candidates.csv', answer, milliseconds: parts.nowMs() - startedMs });
  } finally {
    bar.stop();
  }
  for (const { dataset, content } of [
    { dataset: 'jobs', content: jobsFile() },
    { dataset: 'placements', content: placementsFile(rows) },
  ]) {
    const startedMs = parts.nowMs();
    const request = { dataset, signal: parts.signal };
    const answer = await uploadChunks(admin.api, `${dataset}.csv`, content, request);
    loaded.push({ source: `generated ${dataset}.csv`, answer, milliseconds: parts.nowMs() - startedMs });
  }
  return loaded;
}

export function describeLoaded(loaded: readonly LoadedDataset[], terminal: Terminal): string {
  const rows = loaded.map(({ source, answer, milliseconds }) => [
    displayText(answer.dataset),
    humanCount(answer.row_count),
    String(answer.columns.length),
    displayText(source),
    humanDuration(milliseconds),
    `${humanCount(Math.round((answer.row_count / Math.max(1, milliseconds)) * 1000))}/s`,
  ]);
  const head = ['dataset', 'rows', 'columns', 'from', 'committed in', 'rows'];
  return renderTable({
    head,
    rows,
    columns: terminal.columns - 3,
    colours: terminal.colours,
    numeric: new Set([1, 2, 4, 5]),
  });
}

/** The columns that the detectors tagged, and the number they left alone. */
export function describePersonalData(loaded: readonly LoadedDataset[], terminal: Terminal): string {
  const { colours } = terminal;
  const tagged = loaded.flatMap(({ answer }) =>
    answer.columns
      .filter((column) => column.tags.length > 0)
      .map((column) => [
        displayText(`${answer.dataset}.${column.name}`),
        displayText(column.type),
        colours.yellow(displayText(column.tags.join(', '))),
      ]),
  );
  const columns = loaded.reduce((sum, { answer }) => sum + answer.columns.length, 0);
  const untouched = counted(columns - tagged.length, 'other column');
  const table = renderTable({
    head: ['column', 'type', 'tag'],
    rows: tagged,
    columns: terminal.columns - 3,
    colours,
  });
  return `${table}\n${colours.dim(`${untouched} of these ${loaded.length} datasets: nothing personal found`)}`;
}
