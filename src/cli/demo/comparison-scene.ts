import { CliFailure } from '../cli-failure.ts';
import { cellText, displayText } from '../display-text.ts';
import { humanCount, humanDuration } from '../human-text.ts';
import { type QueryAnswer, runQuery } from '../sql/query-client.ts';
import { maskedNames } from '../sql/result-view.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { Caller } from './callers.ts';

export const PERSON_SQL =
  'SELECT full_name, email, phone, born, region, salary FROM candidates ORDER BY id LIMIT 1';
export const COUNT_SQL = 'SELECT count(*) AS candidates, count(DISTINCT region) AS regions FROM candidates';
export const REFUSED_SQL = 'SELECT title FROM movies LIMIT 1';

const SHOWN_FIELDS = ['full_name', 'email', 'phone', 'born', 'region', 'salary'] as const;

/** What one caller got for the same three statements. */
export interface CallerView {
  readonly caller: Caller;
  readonly person: QueryAnswer;
  readonly counts: QueryAnswer;
  /** Of the dataset that not everyone may read: rows, or the refusal's code. */
  readonly movies: string;
}

export async function viewAs(caller: Caller): Promise<CallerView> {
  return {
    caller,
    person: await runQuery(caller.api, { sql: PERSON_SQL }),
    counts: await runQuery(caller.api, { sql: COUNT_SQL }),
    movies: await moviesAs(caller),
  };
}

/** One column a caller: the same person, the rows each may count, and a dataset that some may not know of. */
export function describeViews(views: readonly CallerView[], terminal: Terminal): string {
  const { colours } = terminal;
  const fields = SHOWN_FIELDS.map((field) => [
    field,
    ...views.map(({ person }) => {
      const text = cellText(person.rows[0]?.[field]);
      const isMasked = maskedNames(person.masked_columns).some((name) => name.split('.').at(-1) === field);
      return isMasked ? colours.yellow(text) : text;
    }),
  ]);
  const count = (name: string) => [
    name,
    ...views.map(({ counts }) => {
      const text = humanCount(Number(counts.rows[0]?.[name]));
      return Number(counts.rows[0]?.regions) === 1 ? colours.cyan(text) : text;
    }),
  ];
  const movies = [
    'movies',
    ...views.map(({ movies: text }) => (text === 'answered' ? text : colours.red(displayText(text)))),
  ];
  const latency = ['latency', ...views.map(({ person }) => humanDuration(person.latency_ms))];
  return renderTable({
    head: ['', ...views.map(({ caller }) => displayText(caller.title))],
    rows: [...fields, count('candidates'), count('regions'), movies, latency],
    columns: terminal.columns - 3,
    colours,
  });
}

async function moviesAs(caller: Caller): Promise<string> {
  try {
    await runQuery(caller.api, { sql: REFUSED_SQL });
    return 'answered';
  } catch (error) {
    if (error instanceof CliFailure) return `refused (${error.facts.status})`;
    throw error;
  }
}
