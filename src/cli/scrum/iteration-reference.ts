import { type ApiClient, pathOf } from '../api-client.ts';
import { CliFailure, EXIT_CODES, usageFailure } from '../cli-failure.ts';

/** One iteration as lists show it. */
export interface ShownIteration {
  readonly iteration_id: string;
  readonly number: number;
  readonly repository: string;
  readonly commit: string;
  readonly prompt: string;
  readonly ladder: string;
  readonly replicates: number;
  readonly state: 'running' | 'finished' | 'abandoned';
  readonly files_total: number;
  readonly files_done: number;
  readonly files_reused: number;
  readonly no_verdict: number;
  readonly cost_usd: number;
  readonly identity: string;
  readonly started_at: string;
  readonly finished_at: string | null;
}

/** What came of one file. */
export interface ReviewedRow {
  readonly row_id: string;
  readonly path: string;
  readonly model: string | null;
  readonly attempts: number;
  readonly score: number | null;
  readonly verdict: string;
  readonly critical_failures_count: number;
  readonly gradient_tier: string;
  readonly cost_usd: number;
}

/** The answer of `GET /scrum/iterations/{id}`; rows where they were asked for. */
export interface IterationStatus {
  readonly iteration: ShownIteration;
  readonly rows: readonly ReviewedRow[] | null;
}

/** Iterations of a repository, newest first; of every repository where none is named. */
export async function listIterations(
  api: ApiClient,
  { repository, limit }: { readonly repository: string | undefined; readonly limit: number },
): Promise<readonly ShownIteration[]> {
  const { value } = await api.json<{ iterations: readonly ShownIteration[] }>({
    method: 'GET',
    path: '/scrum/iterations',
    query: { repository, limit },
  });
  return value.iterations;
}

/** As many as a number of an iteration is looked for among. */
const MOST_LISTED = 200;

/**
 * The ids of iterations as a person names them: an id, a number within the repository, or `latest`, which is the newest
 * that is finished. `repository` is asked only where no id is given.
 */
export async function iterationIds<const Names extends readonly string[]>(
  api: ApiClient,
  names: Names,
  repository: () => Promise<string>,
): Promise<{ readonly [At in keyof Names]: string }> {
  let listed: { readonly name: string; readonly iterations: readonly ShownIteration[] } | null = null;
  const ids: string[] = [];
  for (const name of names) {
    if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name)) {
      ids.push(name);
      continue;
    }
    if (name !== 'latest' && !/^\d{1,9}$/.test(name))
      throw usageFailure(`${JSON.stringify(name)} is no iteration: give its number, its id, or latest.`);
    if (listed === null) {
      const of = await repository();
      listed = { name: of, iterations: await listIterations(api, { repository: of, limit: MOST_LISTED }) };
    }
    ids.push(found(name, listed));
  }
  return ids as { readonly [At in keyof Names]: string };
}

function found(
  name: string,
  { name: repository, iterations }: { readonly name: string; readonly iterations: readonly ShownIteration[] },
): string {
  const one = iterations.find(
    ({ number, state }) =>
      state !== 'abandoned' && (name === 'latest' ? state === 'finished' : number === Number(name)),
  );
  if (one !== undefined) return one.iteration_id;
  const what = name === 'latest' ? 'finished iteration' : `iteration ${name}`;
  throw new CliFailure(EXIT_CODES.failed, {
    code: 'cli.no_such_iteration',
    detail: `There is no ${what} of ${repository}. \`lakehouse scrum status\` lists them; --repository names another.`,
  });
}

export function iterationPath(iterationId: string): string {
  return pathOf`/scrum/iterations/${iterationId}`;
}
