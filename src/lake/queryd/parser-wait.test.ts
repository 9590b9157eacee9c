import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQueryLake, type LakeRequest, type QueryLake } from '../../../test/support/query-lake.ts';

// F-9: a parser that answers no more ends no request later than its own time. It is killed after a while, and replaced.
let lake: QueryLake;

beforeAll(async () => {
  lake = await createQueryLake({ engine: { processes: 1, small_processes: 0, threads: 1 } });
  await lake.add({
    name: 'people',
    fields: [{ id: 1, name: 'id', required: true, type: 'long' }],
    files: ['SELECT i AS id FROM range(1, 5) r(i)'],
  });
});
afterAll(() => lake.close());

const onLinux = test.runIf(process.platform === 'linux');
const FILTERED = { people: { filter: 'id > 1' } };

onLinux.each<[string, LakeRequest]>([
  ['a statement is to be parsed', { sql: 'SELECT id + 1 AS a FROM people' }],
  ['the statement that will run is to be written', { sql: 'SELECT id FROM people WHERE id = 3' }],
])('a query ends at its own time where %s', async (_, request) => {
  // Parsed before, with the filter: only what is made of both is new.
  await lake.run({ sql: 'SELECT id FROM people WHERE id = 3' });
  await lake.run({ sql: 'SELECT id FROM people', policies: FILTERED });
  await frozenParser(async () => {
    const answer = await lake.run({ ...request, policies: FILTERED, timeout_ms: 300 });
    expect(answer).toEqual({
      ok: false,
      code: 'query.timeout',
      detail: expect.stringContaining('within its 300 ms'),
      data: { timeout_ms: 300 },
    });
  });
  // What it had leased is given back.
  await expect.poll(() => lake.engine.stats().query_busy).toBe(0);
  expect(await lake.run({ ...request, policies: FILTERED })).toMatchObject({ ok: true });
});

onLinux('a query whose caller leaves ends while it waits for the parser', async () => {
  const caller = new AbortController();
  await frozenParser(async () => {
    const answer = lake.run({ sql: 'SELECT id + 2 AS a FROM people', signal: caller.signal });
    caller.abort();
    expect(await answer).toMatchObject({ ok: false, code: 'query.cancelled' });
  });
});

/** Freezes the parser while `work` runs, and waits for the one that takes its place. */
async function frozenParser(work: () => Promise<void>): Promise<void> {
  const { parser_restarts: before = 0 } = lake.engine.stats();
  const [pid, ...others] = await parsers();
  if (pid === undefined || others.length > 0) throw new Error('not one parser');
  process.kill(pid, 'SIGSTOP');
  await work();
  // Nobody waits for it any more; it is ended all the same.
  await expect.poll(() => lake.engine.stats().parser_restarts).toBe(before + 1);
}

/** Engine processes of this one that were given no folder. */
async function parsers(): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (status.includes(`\nPPid:\t${process.pid}\n`) && /\/engine\/child\.[jt]s\0$/.test(command))
      found.push(Number(name));
  }
  return found;
}
