import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './harness/server.ts';

// With the shipped rules: a file of which more than half is rejected is stopped, and nothing of it is kept.
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const FILES: Readonly<Record<string, string>> = {
  'a.csv': 'id,secret\n1,kept\n2,mara@example.org,extra\n3\n4,hidden-value,more\n',
  'a.ndjson': '{"id":1}\n{"id":2,"secret":"mara@example.org"\nhidden-value\n{"id":3,"id":3}\n',
};

test.each(Object.entries(FILES))(
  '%s says which lines were rejected and why, and none of their values',
  async (name, body) => {
    const query = new URLSearchParams({ dataset: 'stopped', file_name: name, on_error: 'quarantine' });
    const answer = await server.api('POST', `/ingest/file?${query}`, { body });
    expect(answer).toMatchObject({
      status: 422,
      json: {
        code: 'door.truth_blocked',
        rejected_count: 3,
        rules: [{ rule: 'ingest-mostly-rejected', action: 'block' }],
      },
    });
    expect(answer.json.errors).toHaveLength(3);
    for (const error of answer.json.errors) {
      expect(error).toEqual({ line: expect.any(Number), column: null, reason: expect.stringMatching(/./) });
    }
    expect(answer.json.detail).toMatch(/3 rows were rejected; the first: line \d: ./);
    expect(answer.text).not.toMatch(/mara@|hidden-value/);
    for (const folder of ['sources', 'quarantine', 'work']) {
      expect(await readdir(join(server.home, 'system', folder))).toEqual([]);
    }
  },
);
