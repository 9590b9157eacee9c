import { readdir, readFile, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parquetOf } from './harness/parquet-of.ts';
import { startTestServer, type TestServer } from './harness/server.ts';

const DATA = fileURLToPath(new URL('../node_modules/vega-datasets/data/', import.meta.url));

const EMAIL_MUST_COME = `[[rules]]
name = "email-must-come"
task_class = "ingest"
phase = "after"
action = "block"
message = "The file lacks the addresses."
when = { type = "FieldMatches", field = "column_changes.filled_with_null", pattern = "^must_come$" }
`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ truth: EMAIL_MUST_COME });
});
afterAll(() => server.close());

async function ingest(
  dataset: string,
  fileName: string,
  content: string | Buffer,
  options: Record<string, string> = {},
) {
  const query = new URLSearchParams({ dataset, file_name: fileName, ...options });
  return server.api('POST', `/ingest/file?${query}`, { body: new Uint8Array(Buffer.from(content)) });
}

async function rows(sql: string) {
  const answer = await server.api('POST', '/query/sql', { json: { sql } });
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.json.rows;
}

async function leftovers(): Promise<readonly string[]> {
  return readdir(join(server.home, 'system/work'));
}

describe('real files', () => {
  test.each([
    ['airports.csv', 3_376, { iata: 'string', latitude: 'double' }],
    ['birdstrikes.csv', 10_000, { 'Flight Date': 'date', 'Cost Repair': 'long' }],
    ['zipcodes.csv', 42_049, { zip_code: 'string', latitude: 'double' }],
    ['global-temp.csv', 144, { year: 'long', temp: 'double' }],
    ['seattle-weather-hourly-normals.csv', 8_759, { date: 'timestamp' }],
    ['unemployment.tsv', 3_218, { id: 'long', rate: 'double' }],
    ['movies.json', 3_201, { Title: 'string', 'US Gross': 'long' }],
    ['flights-2k.json', 2_000, { delay: 'long', origin: 'string' }],
    ['us-10m.json', 1, { type: 'string' }],
    ['flights-3m.parquet', 3_000_000, { date: 'timestamp', delay: 'long' }],
  ])('%s has all its rows and the right types', async (file, count, types) => {
    const dataset = `f_${file.replace(/\W/g, '_')}`;
    const answer = await ingest(dataset, file, await readFile(DATA + file));
    expect(answer).toMatchObject({
      status: 201,
      json: { row_count: count, rejected_count: 0, duplicate: false },
    });
    const found = Object.fromEntries(
      answer.json.columns.map((column: { name: string; type: string }) => [column.name, column.type]),
    );
    expect(found).toMatchObject(types);
    expect(await rows(`SELECT count(*) AS n FROM ${dataset}`)).toEqual([{ n: count }]);
  });

  test.each(['flights-200k.arrow', '7zip.png'])('%s is refused by what it is', async (file) => {
    expect(await ingest('refused', file, await readFile(DATA + file))).toMatchObject({
      status: 415,
      json: { code: 'ingest.unsupported_format' },
    });
  });
});

describe('values', () => {
  test('keep every digit and every letter', async () => {
    const csv =
      'zip,big,huge,price,day,at,zoned,phone,text,empty,quoted\n' +
      '00501,9007199254740993,12345678901234567890123,1.50,2024-02-29,2024-01-01 10:00:00,2024-01-01T10:00:00+02:00,+49 30,"a, ""b""\nc",,""\n';
    const made = await ingest('exact', 'exact.csv', csv);
    expect(made.json.columns.map((column: { type: string }) => column.type)).toEqual([
      'string',
      'long',
      'decimal(38, 0)',
      'double',
      'date',
      'timestamp',
      'timestamptz',
      'string',
      'string',
      'string',
      'string',
    ]);
    const [row] = await rows(
      'SELECT zip, big, huge, price, phone, text, empty, quoted, CAST(zoned AS VARCHAR) AS z FROM exact',
    );
    expect(row).toEqual({
      zip: '00501',
      big: '9007199254740993',
      huge: '12345678901234567890123',
      price: 1.5,
      phone: '+49 30',
      text: 'a, "b"\nc',
      empty: null,
      quoted: '',
      z: '2024-01-01 08:00:00+00',
    });
  });

  const many = Array.from({ length: 9_000 }, (_, n) => `${n},${n}`).join('\n');
  test.each([
    ['a fraction late in the file', '9001,1.5', 'double'],
    ['a leading zero late in the file', '9001,00501', 'string'],
    ['digits beyond 64 bits late in the file', '9001,99999999999999999999', 'decimal(38, 0)'],
  ])('%s widens the column', async (name, last, type) => {
    const made = await ingest(`late_${name.replace(/\W/g, '_')}`, 'late.csv', `id,n\n${many}\n${last}\n`);
    expect(made).toMatchObject({
      status: 201,
      json: { row_count: 9_001, columns: [{ type: 'long' }, { type }] },
    });
  });

  test('a word late in a column of numbers is named by line and column, or set aside', async () => {
    const csv = `id,n\n${many}\n9001,n/a\n`;
    const refused = await ingest('late_word', 'late.csv', csv);
    expect(refused).toMatchObject({ status: 422, json: { code: 'ingest.rejected_rows' } });
    expect(refused.json.errors ?? refused.json.data?.errors).toMatchObject([{ line: 9_002, column: 'n' }]);
    expect(refused.text).not.toContain('n/a');
    const kept = await ingest('late_word', 'late.csv', csv, { on_error: 'quarantine' });
    expect(kept).toMatchObject({ status: 201, json: { row_count: 9_000, rejected_count: 1 } });
    const rejected = await server.api('GET', `/ingest/${kept.json.ingest_id}/rejected`);
    expect(JSON.parse(rejected.text)).toMatchObject({ line: 9_002, column: 'n', raw: '9001,n/a' });
  });

  test.each([
    ['CRLF', 'a,b\r\n1,x\r\n2,y\r\n'],
    ['CR', 'a,b\r1,x\r2,y\r'],
    ['mixed line ends', 'a,b\n1,x\r\n2,y\n'],
    ['a byte order mark', '\ufeffa,b\n1,x\n2,y\n'],
    ['UTF-16', Buffer.from('\ufeffa,b\n1,x\n2,y\n', 'utf16le')],
    ['semicolons', 'a;b\n1;x\n2;y\n'],
    ['pipes', 'a|b\n1|x\n2|y\n'],
    ['quotes around everything', '"a","b"\n"1","x"\n"2","y"\n'],
    ['gzip', gzipSync('a,b\n1,x\n2,y\n')],
    ['empty lines', 'a,b\n\n1,x\n\n2,y\n\n'],
  ])('%s gives the same rows', async (name, content) => {
    const dataset = `same_${name.replace(/\W/g, '_')}`;
    const fileName = name === 'gzip' ? 'a.csv.gz' : 'a.csv';
    expect((await ingest(dataset, fileName, content)).json).toMatchObject({ row_count: 2 });
    expect(await rows(`SELECT a, b FROM ${dataset} ORDER BY a`)).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
    ]);
  });

  test('rows of one column keep those without a value', async () => {
    await ingest('one_column', 'a.csv', 'n\n1\n\n3\n\n');
    expect(await rows('SELECT n FROM one_column')).toEqual([{ n: 1 }, { n: null }, { n: 3 }]);
  });
});

describe('single quotes', () => {
  test('enclose values where the file has them for quotes', async () => {
    const csv = "id,name,note\n1,'Park, Omar','says \"hi\"'\n2,'O''Brien','two\nlines'\n3,'',\n";
    const answer = await ingest('single', 'single.csv', csv);
    expect(answer.json).toMatchObject({ row_count: 3, rejected_count: 0 });
    expect(await rows('SELECT * FROM single ORDER BY id')).toEqual([
      { id: 1, name: 'Park, Omar', note: 'says "hi"' },
      { id: 2, name: "O'Brien", note: 'two\nlines' },
      { id: 3, name: '', note: null },
    ]);
  });
});

describe('bad files', () => {
  test.each([
    ['a ragged row', 'a.csv', 'a,b\n1,2\n3,4,5\n', 'ingest.rejected_rows'],
    ['text behind a quote', 'a.csv', 'a,b\n1,"x"y\n', 'ingest.rejected_rows'],
    ['a quote never closed', 'a.csv', 'a,b\n1,"x\n2,y\n', 'ingest.rejected_rows'],
    ['invalid UTF-8', 'a.csv', Buffer.from('name,city\nJosé,Köln\n', 'latin1'), 'ingest.invalid_text'],
    ['a first line for a spreadsheet', 'a.csv', '\uFEFFsep=;\r\na;b\r\n1;2\r\n', 'ingest.rejected_rows'],
    ['two columns of one name', 'a.csv', 'a,A\n1,2\n', 'ingest.invalid_columns'],
    ['a control character in a name', 'a.csv', '"a\u0007",b\n1,2\n', 'ingest.invalid_columns'],
    ['a picture named CSV', 'a.csv', Buffer.from('89504e470d0a1a0a0000', 'hex'), 'ingest.content_mismatch'],
    ['JSON named CSV', 'a.csv', '[{"a":1}]', 'ingest.content_mismatch'],
    ['CSV named JSON', 'a.json', 'a,b\n1,2\n', 'ingest.content_mismatch'],
    ['CSV named Parquet', 'a.parquet', 'a,b\n1,2\n', 'ingest.content_mismatch'],
    ['commas named TSV', 'a.tsv', 'a,b\n1,2\n', 'ingest.content_mismatch'],
    [
      'Parquet cut off',
      'a.parquet',
      Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(500, 7)]),
      'ingest.corrupt_file',
    ],
    ['gzip cut off', 'a.csv.gz', gzipSync('a,b\n1,2\n'.repeat(99)).subarray(0, 20), 'ingest.corrupt_file'],
    ['zero bytes', 'a.csv', 'a,b\n1,\u0000\n', 'ingest.content_mismatch'],
    ['an array cut off', 'a.json', '[{"a":1},{"a":', 'ingest.malformed_json'],
    ['an array of numbers', 'a.json', '[1,2,3]', 'ingest.rejected_rows'],
    ['a member given twice', 'a.ndjson', '{"a":1,"a":2}\n', 'ingest.rejected_rows'],
    ['no row', 'a.json', '[]', 'ingest.empty_file'],
    ['nothing', 'a.csv', '', 'ingest.empty_file'],
    ['only line ends', 'a.csv', '\n\n', 'ingest.empty_file'],
  ])('%s: nothing is kept', async (_name, fileName, content, code) => {
    const answer = await ingest('bad', fileName, content);
    expect([answer.json.code, answer.status]).toEqual([
      code,
      expect.toSatisfy((status: number) => status >= 400 && status < 500),
    ]);
    expect((await server.api('GET', '/catalog/datasets/by-name/bad')).status).toBe(404);
    expect(await leftovers()).toEqual([]);
  });

  test.each(['x"y', 'a.b.c', '../x', "x'; DROP", 'x*', '', 'a b', '.x', 'x.'])(
    'a dataset named %s is refused',
    async (name) => {
      expect((await ingest(name, 'a.csv', 'a\n1\n')).status).toBe(400);
    },
  );

  test('a compressed body says so or not, but truly', async () => {
    const body = 'a,b\n1,2\n';
    const lie = await server.api('POST', '/ingest/file?dataset=bad&file_name=a.csv', {
      body,
      headers: { 'content-encoding': 'gzip' },
    });
    expect(lie).toMatchObject({ status: 415, json: { code: 'ingest.unsupported_format' } });
  });
});

describe('the same content', () => {
  test('is one ingest, whatever the file is called and however it is compressed', async () => {
    const first = await ingest('twice', 'a.csv', 'a\n1\n');
    const again = await ingest('twice', 'b.csv', 'a\n1\n');
    expect(again.json).toMatchObject({
      duplicate: true,
      snapshot_id: first.json.snapshot_id,
      row_count: 1,
      journal_event_id: null,
    });
    expect((await ingest('twice', 'c.csv.gz', gzipSync('a\n1\n'))).json.duplicate).toBe(true);
    expect(await rows('SELECT count(*) AS n FROM twice')).toEqual([{ n: 1 }]);
  });

  test('sent many times at once is one ingest, into a dataset that is there or not', async () => {
    for (const content of ['a\n1\n', 'a\n2\n']) {
      const answers = await Promise.all(Array.from({ length: 6 }, () => ingest('at_once', 'a.csv', content)));
      expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 6 }, () => 201));
      expect(answers.filter((answer) => answer.json.duplicate === false)).toHaveLength(1);
      expect(new Set(answers.map((answer) => answer.json.dataset_id)).size).toBe(1);
    }
    expect(await rows('SELECT a FROM at_once ORDER BY a')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await leftovers()).toEqual([]);
  });

  test('replaces what else is there, and does nothing where nothing else is', async () => {
    await ingest('whole', 'a.csv', 'a\n1\n');
    await ingest('whole', 'b.csv', 'a\n2\n');
    expect((await ingest('whole', 'a.csv', 'a\n1\n', { mode: 'replace' })).json).toMatchObject({
      duplicate: false,
      effect: 'replaced',
      rows_before: 2,
    });
    expect(await rows('SELECT a FROM whole')).toEqual([{ a: 1 }]);
    const again = () => ingest('whole', 'a.csv', 'a\n1\n', { mode: 'replace' });
    const answers = await Promise.all([again(), again(), again()]);
    expect(answers.map(({ json }) => json.duplicate)).toEqual([true, true, true]);
    expect((await ingest('whole', 'b.csv', 'a\n2\n')).json).toMatchObject({
      duplicate: false,
      rows_before: 1,
    });
  });

  test('comes back after a replacement took it away', async () => {
    for (const [content, duplicate] of [
      ['a\n1\n', false],
      ['a\n2\n', false],
      ['a\n1\n', false],
      ['a\n1\n', true],
    ] as const) {
      expect((await ingest('replaced', 'a.csv', content, { mode: 'replace' })).json).toMatchObject({
        duplicate,
      });
    }
    expect(await rows('SELECT a FROM replaced')).toEqual([{ a: 1 }]);
  });
});

describe('a dataset that is there', () => {
  beforeAll(() => ingest('there', 'a.csv', 'id,x\n1,1.5\n'));

  test('is refused by mode=create', async () => {
    expect(await ingest('there', 'b.csv', 'id,x\n2,2.5\n', { mode: 'create' })).toMatchObject({
      status: 409,
    });
  });

  test('takes whole numbers into a column of fractions, from CSV and JSON', async () => {
    expect((await ingest('there', 'b.csv', 'id,x\n2,2\n')).json).toMatchObject({ row_count: 1 });
    expect((await ingest('there', 'c.ndjson', '{"id":3,"x":3}\n')).json).toMatchObject({ row_count: 1 });
    expect(await rows('SELECT id, x FROM there ORDER BY id')).toEqual([
      { id: 1, x: 1.5 },
      { id: 2, x: 2 },
      { id: 3, x: 3 },
    ]);
  });

  test('is declared again with the columns it was declared with, after rows of JSON widened them', async () => {
    const columns = [
      { name: 'id', type: 'int' },
      { name: 'score', type: 'float' },
      { name: 'at', type: 'struct<row: int>' },
    ];
    const declare = () => server.api('POST', '/catalog/datasets', { json: { name: 'declared', columns } });
    expect(await declare()).toMatchObject({ status: 201 });
    const sent = await ingest('declared', 'a.ndjson', '{"id":1,"score":0.5,"at":{"row":1}}\n');
    expect(sent.json).toMatchObject({ row_count: 1 });
    expect(await declare()).toMatchObject({
      status: 200,
      json: { created: false, snapshot_id: sent.json.snapshot_id, journal_event_id: null },
    });
  });

  test('over objects in place, takes them replaced by narrower ones', async () => {
    const source = { bucket: 'default', key: 'narrow.parquet' };
    const declare = () => server.api('POST', '/catalog/datasets', { json: { name: 'narrow', source } });
    for (const [type, count, status] of [
      ['BIGINT', 10, 201],
      ['INTEGER', 20, 200],
    ] as const) {
      const body = await parquetOf(server, `SELECT range::${type} AS id FROM range(${count})`);
      await server.api('PUT', '/buckets/default/objects/narrow.parquet', { body });
      const answer = await declare();
      expect(answer).toMatchObject({ status, json: { row_count: count, columns: [{ type: 'long' }] } });
    }
    expect(await rows('SELECT id FROM narrow WHERE id >= 19')).toEqual([{ id: 19 }]);
  });

  test('over objects in place, keeps appended rows when objects that changed are registered again', async () => {
    const put = async (name: string, sql: string) =>
      server.api('PUT', `/buckets/default/objects/beside/${name}`, { body: await parquetOf(server, sql) });
    const source = { bucket: 'default', key: 'beside/' };
    const register = () => server.api('POST', '/catalog/datasets', { json: { name: 'beside', source } });
    const ids = async () =>
      (await rows('SELECT id FROM beside ORDER BY id')).map(({ id }: { id: number }) => id);
    await put('a.parquet', 'SELECT 1::BIGINT AS id');
    await put('b.parquet', 'SELECT 2::BIGINT AS id');
    expect((await register()).status).toBe(201);
    expect((await ingest('beside', 'c.csv', 'id\n3\n')).json).toMatchObject({ rows_before: 2 });
    await put('a.parquet', 'SELECT 10::BIGINT AS id UNION ALL SELECT 11');
    const refused = await server.api('POST', '/query/sql', { json: { sql: 'SELECT id FROM beside' } });
    expect(refused.json.code).toBe('catalog.source_changed');
    expect((await register()).json).toMatchObject({ created: false, row_count: 3 });
    expect(await ids()).toEqual([2, 3, 10, 11]);
    expect((await register()).json).toMatchObject({ journal_event_id: null });
    expect((await ingest('beside', 'd.csv', 'id\n4\n')).json).toMatchObject({ rows_before: 4 });
    const described = await server.api('GET', '/catalog/datasets/by-name/beside');
    expect(described.json).toMatchObject({ row_count: 5 });
    await ingest('beside', 'e.csv', 'id\n5\n', { mode: 'replace' });
    expect((await register()).json).toMatchObject({ journal_event_id: null });
    expect(await ids()).toEqual([5]);
  });

  test('says what was done to it, rows and columns, in the answer and in the journal', async () => {
    const first = await ingest('told', 'a.ndjson', '{"id":1,"at":{"row":1}}\n');
    expect(first.json).toMatchObject({ effect: 'created', rows_before: 0, column_changes: [] });
    const declared = await server.api('POST', '/catalog/datasets', {
      json: { name: 'narrow_told', columns: [{ name: 'id', type: 'int' }] },
    });
    expect(declared.status).toBe(201);
    const widened = await ingest('narrow_told', 'a.ndjson', '{"id":7}\n');
    expect(widened.json).toMatchObject({
      effect: 'appended',
      rows_before: 0,
      column_changes: [{ kind: 'widened', column: 'id', from: 'int', to: 'long' }],
    });
    const appended = await ingest('told', 'b.ndjson', '{"id":2,"at":{"row":2,"page":3},"new":{"a":"x"}}\n');
    const changes = [
      { kind: 'added', column: 'at.page', from: null, to: 'long' },
      { kind: 'added', column: 'new', from: null, to: 'struct<a: string>' },
    ];
    expect(appended.json).toMatchObject({ effect: 'appended', rows_before: 1, column_changes: changes });
    const page = await server.api('GET', '/journal/events?action=dataset.ingested&order=desc&limit=1');
    expect(page.json.events[0].id).toBe(appended.json.journal_event_id);
    expect(page.json.events[0].data).toMatchObject({
      mode: 'append',
      created: false,
      records_before: 1,
      column_change_count: 2,
      column_changes: changes,
    });
    const again = await ingest('told', 'b.ndjson', '{"id":2,"at":{"row":2,"page":3},"new":{"a":"x"}}\n');
    expect(again.json).toMatchObject({ effect: 'unchanged', rows_before: null, column_changes: [] });
    const replaced = await ingest('told', 'c.ndjson', '{"id":3}\n', { mode: 'replace' });
    expect(replaced.json).toMatchObject({
      effect: 'replaced',
      rows_before: 2,
      column_changes: [
        { kind: 'removed', column: 'at' },
        { kind: 'removed', column: 'new' },
      ],
    });
  });

  test('says which of its columns the file lacks, to the caller, the journal and the truth rules', async () => {
    await ingest('lacking', 'a.ndjson', '{"id":1,"city":"Ulm","at":{"row":1,"page":2},"must_come":"x"}\n');
    const lacking = await ingest('lacking', 'b.ndjson', '{"id":2,"at":{"row":1},"must_come":"y"}\n');
    const changes = [
      { kind: 'filled_with_null', column: 'city', from: 'string', to: 'string' },
      { kind: 'filled_with_null', column: 'at.page', from: 'long', to: 'long' },
    ];
    expect(lacking.json).toMatchObject({ effect: 'appended', column_changes: changes });
    const page = await server.api('GET', '/journal/events?action=dataset.ingested&order=desc&limit=1');
    expect(page.json.events[0].data).toMatchObject({ column_change_count: 2, column_changes: changes });
    expect(await rows('SELECT city, "at".page AS page FROM lacking WHERE id = 2')).toEqual([
      { city: null, page: null },
    ]);
    const blocked = await ingest('lacking', 'c.ndjson', '{"id":3,"city":"Bonn","at":{"row":1,"page":2}}\n');
    expect(blocked).toMatchObject({ status: 422, json: { code: 'door.truth_blocked' } });
    const replaced = await ingest('lacking', 'd.ndjson', '{"id":4}\n', { mode: 'replace' });
    expect(replaced.json.column_changes.map(({ kind }: { kind: string }) => kind)).not.toContain(
      'filled_with_null',
    );
  });

  test('names the value that does not fit its column', async () => {
    const refused = await ingest('there', 'd.csv', 'id,x\n4,4\nfive,5\n');
    expect(refused).toMatchObject({ status: 422, json: { code: 'ingest.rejected_rows' } });
    expect(refused.json.detail).toMatch(/line 3, column "id"/);
  });

  test('answers another type with the difference', async () => {
    const refused = await ingest('there', 'e.ndjson', '{"id":"five","x":5}\n');
    expect(refused).toMatchObject({ status: 409, json: { code: 'catalog.schema_mismatch' } });
  });
});

describe('an upload that is cut off (F-8)', () => {
  test('leaves no dataset and no file', async () => {
    const sources = () => readdir(join(server.home, 'system/sources'));
    const before = await sources();
    const sent = httpRequest(`${server.url}/ingest/file?dataset=cut&file_name=a.csv`, {
      method: 'POST',
      headers: { 'x-api-key': server.adminKey, 'content-length': '90000000' },
    });
    const closed = new Promise((resolve) => sent.on('close', resolve).on('error', resolve));
    sent.write(`a,b\n${'1,2\n'.repeat(500_000)}`);
    await expect.poll(async () => (await sources()).length).toBe(before.length + 1);
    sent.destroy();
    await closed;
    await expect.poll(sources).toEqual(before);
    expect((await server.api('GET', '/catalog/datasets/by-name/cut')).status).toBe(404);
  });
});

describe('the files of an ingest', () => {
  test('are named by resync-missing where one is gone, as the query that misses it says', async () => {
    const { json } = await ingest('gone', 'a.csv', 'a\n1\n');
    const data = join(server.home, 'warehouse', json.dataset_id, 'data');
    for (const file of await readdir(data)) await rm(join(data, file));
    const refused = await server.api('POST', '/query/sql', { json: { sql: 'SELECT * FROM gone' } });
    expect(refused.status).toBe(500);
    expect(refused.json.remedy).toContain('POST /catalog/resync-missing');
    const found = await server.api('POST', '/catalog/resync-missing', { json: { dry_run: true } });
    expect(found.json.datasets_missing_files).toMatchObject([{ dataset: 'gone', missing_files: 1 }]);
    await server.api('DELETE', '/catalog/datasets/by-name/gone');
  });

  test('the source is given back byte for byte, and survives a restart; strays do not', async () => {
    const content = gzipSync('a\n1\n');
    const made = await ingest('kept', 'a.csv.gz', content);
    await server.restart();
    const source = await fetch(`${server.url}/ingest/${made.json.ingest_id}/source`, {
      headers: { 'x-api-key': server.adminKey },
    });
    expect(Buffer.from(await source.arrayBuffer()).equals(content)).toBe(true);
    const listed = await server.api('GET', '/ingest?dataset=kept');
    expect(listed.json.ingests).toMatchObject([
      { ingest_id: made.json.ingest_id, file_name: 'a.csv.gz', row_count: 1 },
    ]);
    expect((await server.api('GET', `/ingest/${made.json.ingest_id}/rejected`)).status).toBe(404);
  });
});
