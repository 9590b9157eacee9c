import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';
import { SMALL_ENGINE } from './child-server.ts';

/** A step fails after others have made files: none of them stays. */
describe('a change whose last step fails', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ config: SMALL_ENGINE });
  });
  afterAll(() => server.close());

  async function filesBelow(folder: string): Promise<string[]> {
    const found = await readdir(join(server.home, folder), { recursive: true, withFileTypes: true });
    return found.filter((entry) => entry.isFile()).map((entry) => entry.name);
  }

  test('an ingest whose source cannot be made durable leaves no rows in the warehouse', async () => {
    const folder = join(server.home, 'system', 'quarantine');
    await rename(folder, `${folder}-away`);
    const ask = () =>
      server.api('POST', '/ingest/file?dataset=late&file_name=a.csv', {
        body: 'id\n1\n',
        headers: { 'content-type': 'text/csv' },
      });
    const refused = await ask();
    await rename(`${folder}-away`, folder);
    expect(refused.json.code).toMatch(/^storage\./);
    expect(await filesBelow('warehouse')).toEqual([]);
    expect(await filesBelow('system')).toEqual([]);
    expect((await ask()).status).toBe(201);
  });
});
