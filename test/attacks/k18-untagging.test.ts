import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    config: '[engine]\nprocesses = 1\nsmall_processes = 0\n',
    policy: {
      roles: {
        steward: { grants: [{ dataset: 'people', actions: ['read', 'write', 'delete', 'admin'] }] },
      },
      masks: [{ tag: 'pii.email', method: 'redact', except_roles: ['admin'] }],
      row_filters: [],
    },
  });
  const made = await server.api('POST', '/ingest/file?dataset=people&file_name=people.csv', {
    body: 'id,email\n1,ada@example.com\n2,bob@example.org\n',
    headers: { 'content-type': 'text/csv' },
  });
  expect(made.json.columns[1].tags).toEqual(['pii.email']);
});
afterAll(() => server.close());

const email = async (key: string) => {
  const answer = await server.api('POST', '/query/sql', {
    key,
    json: { sql: 'SELECT email FROM people ORDER BY id' },
  });
  return answer.json.rows[0].email;
};

test('who administers a dataset cannot unmask a column by taking its tag away', async () => {
  const { key } = await server.key('steward');
  const remove_tags = [{ column: 'email', tags: ['pii.email'] }];
  const refused = await server.api('PATCH', '/catalog/datasets/by-name/people', {
    key,
    json: { remove_tags },
  });
  expect(refused.status).toBe(403);
  expect(refused.json.code).toBe('door.forbidden');
  expect(await email(key)).toBe('[redacted]');

  const described = await server.api('PATCH', '/catalog/datasets/by-name/people', {
    key,
    json: { description: 'x' },
  });
  expect(described.status).toBe(200);
  const allowed = await server.api('PATCH', '/catalog/datasets/by-name/people', { json: { remove_tags } });
  expect(allowed.status).toBe(200);
  expect(await email(key)).toBe('ada@example.com');
});

test('a tag comes back with a column that a replacement had left out', async () => {
  const { key } = await server.key('steward');
  const ingest = async (body: string, mode: string) => {
    const path = `/ingest/file?dataset=people&mode=${mode}`;
    expect((await server.api('POST', path, { body })).status).toBe(201);
  };
  const row = (id: number) =>
    `{"id":${id},"email":"none","note":"private","s":{"inner":"private","plain":"x"}}\n`;
  await ingest(row(1), 'replace');
  await server.api('PATCH', '/catalog/datasets/by-name/people', {
    json: {
      set_tags: [
        { column: 'note', tags: ['pii.email'] },
        { column: 's.inner', tags: ['pii.email'] },
      ],
    },
  });
  const seen = async () => {
    const sql = 'SELECT note, s.inner AS inner, s.plain AS plain FROM people WHERE note IS NOT NULL LIMIT 1';
    return (await server.api('POST', '/query/sql', { key, json: { sql } })).json.rows;
  };
  const masked = [{ note: '[redacted]', inner: '[redacted]', plain: 'x' }];
  expect(await seen()).toEqual(masked);
  await ingest('{"id":2,"email":"none"}\n', 'replace');
  await ingest(row(3), 'replace');
  expect(await seen()).toEqual(masked);
  await ingest('{"id":4,"email":"none"}\n', 'replace');
  await ingest(row(5), 'append');
  expect(await seen()).toEqual(masked);
  await ingest('id,email\n1,ada@example.com\n2,bob@example.org\n', 'replace');
});

test('the mask follows the column through renames and replacement', async () => {
  const { key } = await server.key('steward');
  await server.api('PATCH', '/catalog/datasets/by-name/people', {
    json: { set_tags: [{ column: 'email', tags: ['pii.email'] }] },
  });
  const renamed = await server.api('PATCH', '/catalog/datasets/by-name/people', {
    key,
    json: { rename_columns: [{ from: 'email', to: 'contact' }] },
  });
  expect(renamed.status).toBe(200);
  const rows = await server.api('POST', '/query/sql', { key, json: { sql: 'SELECT contact FROM people' } });
  expect(rows.json.rows.map((row: { contact: string }) => row.contact)).toEqual(['[redacted]', '[redacted]']);
});
