import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

// K-15: bombs in files: compression, deep JSON, huge row, very many columns, quotes that never end.

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    config: '[ingest]\nmax_row_bytes = 1048576\nmax_bytes = 60000000\nmax_columns = 500\nmax_rows = 100000\n',
  });
});
afterAll(() => server.close());

const BOMBS: readonly (readonly [string, string, () => string | Buffer<ArrayBuffer>, string])[] = [
  [
    'zeros behind gzip',
    'a.csv.gz',
    () => gzipSync(Buffer.alloc(50_000_000, '1,2\n')),
    'ingest.expands_too_much',
  ],
  ['gzip in gzip', 'a.csv.gz', () => gzipSync(gzipSync('a\n1\n')), 'ingest.unsupported_format'],
  ['more bytes than allowed', 'a.csv', () => Buffer.alloc(60_000_001, '1,2\n'), 'storage.too_large'],
  ['a line without end', 'a.csv', () => `a,b\n1,${'x'.repeat(2_000_000)}`, 'ingest.row_too_long'],
  ['a quote without end', 'a.csv', () => `a,b\n1,"${'x'.repeat(3_000_000)}`, 'ingest.row_too_long'],
  ['a header without end', 'a.csv', () => 'x'.repeat(3_000_000), 'ingest.row_too_long'],
  [
    '10,000 columns',
    'a.csv',
    () => `${Array.from({ length: 10_000 }, (_, n) => `c${n}`)}\n1\n`,
    'ingest.too_many_columns',
  ],
  ['more rows than allowed', 'a.csv', () => `a\n${'1\n'.repeat(100_001)}`, 'ingest.too_many_rows'],
  [
    'lists in lists',
    'a.json',
    () => `[{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}]`,
    'ingest.too_deep',
  ],
  [
    'objects in objects',
    'a.json',
    () => `[${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}]`,
    'ingest.too_deep',
  ],
  [
    'lists in lists on a line',
    'a.ndjson',
    () => `{"a":${'['.repeat(99)}${']'.repeat(99)}}`,
    'ingest.rejected_rows',
  ],
  ['a JSON string without end', 'a.json', () => `[{"a":"${'x'.repeat(2_000_000)}`, 'ingest.row_too_long'],
  ['a JSON line without end', 'a.ndjson', () => `{"a":"${'x'.repeat(2_000_000)}"}`, 'ingest.row_too_long'],
  [
    'other members in every row',
    'a.ndjson',
    () => Array.from({ length: 600 }, (_, n) => `{"k${n}":1}`).join('\n'),
    'ingest.too_many_columns',
  ],
];

describe('a file that is a bomb', () => {
  test.each(BOMBS)(
    '%s is refused with its limit, and leaves nothing',
    async (_name, fileName, content, code) => {
      const answer = await server.api('POST', `/ingest/file?dataset=bomb&file_name=${fileName}`, {
        body: content() as string,
      });
      expect(answer.json).toMatchObject({ code });
      expect(answer.json.detail.length).toBeLessThan(500);
      for (const folder of ['sources', 'work', 'quarantine']) {
        expect(await readdir(join(server.home, 'system', folder))).toEqual([]);
      }
      expect((await server.api('GET', '/catalog/datasets/by-name/bomb')).status).toBe(404);
      expect((await server.api('GET', '/health')).status).toBe(200);
    },
  );
});
