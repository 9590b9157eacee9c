/**
 * A group-by over 30 million rows (flights, ten times), as three callers: with masks and a row filter against
 * hand-written SQL of the same masks, filter and barrier; with nothing hidden against plain SQL on the same files; and
 * what the barrier itself costs. Same engine processes and threads on both sides, in turn; ours includes parsing,
 * rewriting and encoding the answer. Run alone it prints its rows: `node bin/pinned-node.js bench/group-by.ts`.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createQueryLake, type LakePolicy, type QueryLake } from '../test/support/query-lake.ts';

/** One figure of the bench table. */
export interface BenchRow {
  readonly name: string;
  /** Milliseconds, fastest of the rounds. */
  readonly ours: number;
  readonly peer: number;
  readonly ratio: number;
  readonly target: string;
}

const COPIES = 10;
const ROUNDS = 4;
const FLIGHTS = fileURLToPath(
  new URL('../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url),
);

const POLICY: LakePolicy = {
  filter: 'origin <> identity.airport',
  identity: { airport: 'ATL' },
  masks: { destination: 'partial', date: 'year' },
};
const GOVERNED =
  "SELECT date_part('year', date) AS y, upper(destination) AS d, count(*) AS n, avg(delay) AS a, max(distance) AS m FROM flights GROUP BY ALL ORDER BY ALL";
const OPEN =
  'SELECT origin, count(*) AS n, avg(delay) AS a, max(distance) AS m FROM flights WHERE delay > 0 GROUP BY ALL ORDER BY ALL';

const MASKED = `SELECT
  CAST(date_trunc('year', date) AS TIMESTAMP) AS date, delay, distance, origin,
  CASE WHEN destination IS NULL THEN NULL ELSE CASE WHEN length(destination) >= 8 THEN '****' || right(destination, 4) ELSE '****' END END AS destination`;
const FILTERED = `${MASKED} FROM {flights} WHERE origin <> 'ATL'`;
/** The barrier as we write it: columns that the query computes with in vectors of their own, and a LIMIT. */
const BARRED = `${MASKED} FROM (SELECT greatest(date, date) AS date, delay, distance, origin, greatest(destination, destination) AS destination
  FROM {flights} WHERE origin <> 'ATL') LIMIT 9223372036854775807`;

/** What a careful author of the SQL would set, as we do: these queries do not depend on the order of rows. */
const UNORDERED = { preserveOrder: false } as const;

export async function run(): Promise<BenchRow[]> {
  const lake = await createQueryLake({ engine: { processes: 1, small_processes: 0, memory_limit_mb: 1024 } });
  try {
    await lake.add({
      name: 'flights',
      sources: [FLIGHTS],
      fields: ['date', 'delay', 'distance', 'origin', 'destination'].map((name, at) => ({
        id: at + 1,
        name,
        required: false,
        type: ['timestamp', 'long', 'long', 'string', 'string'][at] ?? 'string',
      })),
      files: Array.from({ length: COPIES }, () => `SELECT * FROM read_parquet('${FLIGHTS}')`),
    });
    return [
      await compare('group-by over 30 M rows, masks and filter on', '≤ 1.15×', {
        ours: () => ask(lake, GOVERNED, { flights: POLICY }),
        peer: () => lake.raw(GOVERNED.replace('flights', `(${BARRED})`), UNORDERED),
      }),
      await compare('the barrier’s own cost in that', 'printed', {
        ours: () => lake.raw(GOVERNED.replace('flights', `(${BARRED})`), UNORDERED),
        peer: () => lake.raw(GOVERNED.replace('flights', `(${FILTERED})`), UNORDERED),
      }),
      await compare('group-by over 30 M rows, nothing hidden', '≤ 1.15×', {
        ours: () => ask(lake, OPEN, {}),
        peer: () => lake.raw(OPEN.replace('flights', '{flights}')),
      }),
      await compare('group-by over 30 M rows, filter on, every expression harmless', '≤ 1.15×', {
        ours: () => ask(lake, OPEN, { flights: { filter: "origin <> 'ATL'" } }),
        peer: () => lake.raw(OPEN.replace('flights', "(SELECT * FROM {flights} WHERE origin <> 'ATL')")),
      }),
    ];
  } finally {
    await lake.close();
  }
}

async function ask(
  lake: QueryLake,
  sql: string,
  policies: Readonly<Record<string, LakePolicy>>,
): Promise<void> {
  const answer = await lake.run({ sql, policies });
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
}

async function compare(
  name: string,
  target: string,
  sides: { ours: () => Promise<unknown>; peer: () => Promise<unknown> },
): Promise<BenchRow> {
  const times: { ours: number[]; peer: number[] } = { ours: [], peer: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const side of ['ours', 'peer'] as const) {
      const start = performance.now();
      await sides[side]();
      if (round > 0) times[side].push(performance.now() - start);
    }
  }
  const ours = Math.min(...times.ours);
  const peer = Math.min(...times.peer);
  return { name, ours, peer, ratio: ours / peer, target };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.table(await run());
}
