import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ config: '[engine]\nprocesses = 1\nsmall_processes = 0\n' });
});
afterAll(() => server.close());

const loaded = async () => (await server.api('GET', '/journal/events?action=truth.loaded')).json.events;

test('rules edited while no server runs are journaled at the next start, and only then', async () => {
  expect(await loaded()).toHaveLength(1);
  await server.restart();
  expect(await loaded()).toHaveLength(1);
  await writeFile(join(server.home, 'truth.toml'), 'rules = []\n');
  await server.restart();
  const events = await loaded();
  expect(events).toHaveLength(2);
  expect(events.at(-1).data.rules).toEqual([]);
  expect((await server.api('POST', '/journal/verify', { json: {} })).json.valid).toBe(true);
});
