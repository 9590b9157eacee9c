import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

// F-2: no disk left for writes.

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ config: '[storage]\nmin_free_bytes = 9000000000000000\n' });
});
afterAll(() => server.close());

test('an object and an ingest are refused as 507, and nothing of them is visible', async () => {
  const put = await server.api('PUT', '/buckets/default/objects/a', { body: 'content' });
  expect(put).toMatchObject({ status: 507, json: { code: 'storage.full', retryable: true } });
  const ingest = await server.api('POST', '/ingest/file?dataset=d&file_name=a.csv', { body: 'a\n1\n' });
  expect(ingest).toMatchObject({ status: 507, json: { code: 'storage.full' } });
  expect((await server.api('GET', '/buckets/default/objects')).json.objects).toEqual([]);
  expect((await server.api('GET', '/catalog/datasets/by-name/d')).status).toBe(404);
  expect(await readdir(join(server.home, 'system/sources'))).toEqual([]);
});
