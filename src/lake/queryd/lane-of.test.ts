import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/harness/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    config: '[engine]\nprocesses = 1\nsmall_processes = 1\nqueue_timeout_ms = 20000\n',
  });
  const rows = Array.from({ length: 20_000 }, (_, id) => `${id},${id % 7}`).join('\n');
  const made = await server.api('POST', '/ingest/file?dataset=few&file_name=few.csv', {
    body: `id,k\n${rows}\n`,
    headers: { 'content-type': 'text/csv' },
  });
  expect(made.status).toBe(201);
});
afterAll(() => server.close());

test('queries that multiply rows leave the small lane free, however few bytes they read', async () => {
  const heavy = [
    'SELECT count(*) AS n FROM few a JOIN few b ON a.k <> b.k JOIN few c ON b.k <> c.k',
    'SELECT sum(hash(i)) AS n FROM range(100000000000) AS t(i)',
    'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) AS n FROM r',
  ].map((sql, index) => {
    const query_id = `heavy-${index}`;
    return {
      query_id,
      answer: server.api('POST', '/query/sql', { json: { sql, query_id, timeout_ms: 60_000 } }),
    };
  });
  const small = await server.api('POST', '/query/sql', { json: { sql: 'SELECT k FROM few WHERE id = 12' } });
  expect(small.status).toBe(200);
  expect(small.json.rows).toEqual([{ k: 5 }]);
  await Promise.all(heavy.map(({ query_id }) => server.api('DELETE', `/query/${query_id}`)));
  for (const { answer } of heavy) expect((await answer).status).not.toBe(200);
});
