import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parquetOf } from './harness/parquet-of.ts';
import { startTestServer, type TestServer } from './harness/server.ts';

/** One row of an `id` and a `total.amount` of DECIMAL(60, 2), fifty ones; written by pyarrow 26. */
const WIDE_DECIMAL = Buffer.from(
  [
    'UEFSMRUAFRQVFCwVAhUAFQYVBhwAAAACAAAAAgEBAAAAFQAVQBVALBUCFQAVBhUGHAAAAAIAAAACAgAAAAAC+EDJZfF3HeUl11ZM',
    'yhhXHHHHHHG8FQQZTDUAGAZzY2hlbWEVBAAVAiUCGAJpZAA1AhgFdG90YWwVAgAVDhU0FQIYBmFtb3VudCUKFQQVeCxcFQQVeAAA',
    'ABYCGRwZLCYAHBUCGSUGABkYAmlkFQAWAhY6FjomCEkcFQAVABUCADwpBhkmAAIAAAAmABwVDhklBgAZKAV0b3RhbAZhbW91bnQV',
    'ABYCFmYWZiZCSRwVABUAFQIAPCkGGTYAAAIAAAAWoAEWAiYIFqABACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZ',
    'LBwAABwAAADgAAAAUEFSMQ==',
  ].join(''),
  'base64',
);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

async function ingest(dataset: string, fileName: string, content: Buffer) {
  const query = new URLSearchParams({ dataset, file_name: fileName });
  return server.api('POST', `/ingest/file?${query}`, { body: new Uint8Array(content) });
}

async function rows(sql: string) {
  const answer = await server.api('POST', '/query/sql', { json: { sql } });
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.json.rows;
}

describe('nanoseconds', () => {
  const time = (digits: string) => `'2020-01-01 00:00:00.${digits}'::TIMESTAMP_NS`;
  const SHAPES: Readonly<Record<string, (value: string) => string>> = {
    plain: (value) => value,
    listed: (value) => `[NULL, ${value}]`,
    inside: (value) => `{'a': [{'b': ${value}}]}`,
    mapped: (value) => `map{'k': ${value}}`,
  };

  test.each(Object.entries(SHAPES))(
    '%s are refused by the column’s name, and whole microseconds kept',
    async (name, shape) => {
      const file = (digits: string) =>
        parquetOf(server, `SELECT 1 AS id, ${shape(time(digits))} AS stamp UNION ALL SELECT 2, NULL`);
      const refused = await ingest(`nano_${name}`, 'a.parquet', Buffer.from(await file('123456789')));
      expect(refused).toMatchObject({ status: 422, json: { code: 'ingest.unkept_value', column: 'stamp' } });
      const kept = await ingest(`nano_${name}`, 'a.parquet', Buffer.from(await file('123456')));
      expect(kept, kept.text).toMatchObject({ status: 201, json: { row_count: 2 } });
      const [row] = await rows(`SELECT stamp FROM nano_${name} WHERE id = 1`);
      expect(JSON.stringify(row)).toContain('2020-01-01 00:00:00.123456"');
    },
  );
});

describe('decimals of more digits than a type here keeps', () => {
  const refusal = {
    status: 422,
    json: { code: 'catalog.type_unsupported', detail: expect.stringContaining('"amount" is DECIMAL(60, 2)') },
  };

  test('are refused by the column’s name', async () => {
    expect(await ingest('wide', 'a.parquet', WIDE_DECIMAL)).toMatchObject(refusal);
  });

  test('are refused in place, too', async () => {
    const put = await server.api('PUT', '/buckets/default/objects/wide.parquet', {
      body: new Uint8Array(WIDE_DECIMAL),
    });
    expect(put.status, put.text).toBeLessThan(300);
    const source = { bucket: 'default', key: 'wide.parquet' };
    expect(await server.api('POST', '/catalog/datasets', { json: { name: 'wide', source } })).toMatchObject(
      refusal,
    );
  });
});

test('a type that no column has is refused with the column’s name', async () => {
  const file = await parquetOf(server, 'SELECT 1 AS id, INTERVAL 1 DAY AS duration');
  expect(await ingest('durations', 'a.parquet', Buffer.from(file))).toMatchObject({
    status: 422,
    json: { code: 'catalog.type_unsupported', detail: expect.stringContaining('of the column "duration"') },
  });
});
