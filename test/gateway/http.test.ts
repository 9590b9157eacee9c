import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

/** More than the gateway peeks at, so that the form's order matters. */
const LARGE_CSV = `id,name\n${Array.from({ length: 20_000 }, (_, at) => `${at},row ${at}`).join('\n')}\n`;

describe('the HTTP door', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      config: '[server]\njson_body_limit_bytes = 20000\nallowed_origins = ["https://app.example"]\n',
    });
  });
  afterAll(() => server.close());

  const form = (...parts: readonly (readonly [string, string | Blob])[]) => {
    const data = new FormData();
    for (const [name, value] of parts) data.append(name, value);
    return data;
  };
  const ingest = (body: FormData, query = '') =>
    fetch(`${server.url}/ingest/file${query}`, {
      method: 'POST',
      headers: { 'x-api-key': server.adminKey },
      body,
    }).then(async (answer) => ({ status: answer.status, json: (await answer.json()) as { code?: string } }));

  it('names every request, by the caller’s id where it is a sound one', async () => {
    const made = await server.api('GET', '/health');
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const given = await server.api('GET', '/health', { headers: { 'x-request-id': 'job-7.2' } });
    expect(given.headers.get('x-request-id')).toBe('job-7.2');
    const unsound = await server.api('GET', '/health', { headers: { 'x-request-id': '<script>' } });
    expect(unsound.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('answers problem+json at an address that is not there and for a method that is not taken', async () => {
    const absent = await server.api('GET', '/nope');
    expect([absent.status, absent.json.code]).toEqual([404, 'gateway.route_not_found']);
    expect(absent.headers.get('content-type')).toBe('application/problem+json');
    const method = await server.api('PUT', '/query/sql');
    expect([method.status, method.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it.each([
    ['a slash', '/access/keys/a%2fb/rotate', {}, 400, 'gateway.bad_url'],
    ['a backslash', '/access/keys/a%5Cb/rotate', {}, 400, 'gateway.bad_url'],
    ['a NUL', '/access/keys/a%00b/rotate', {}, 400, 'gateway.bad_url'],
    ['a body that no one reads', '/access/keys/a/rotate', { body: 'x' }, 400, 'gateway.unexpected_body'],
    [
      'a body that is compressed',
      '/query/sql',
      { json: { sql: 'SELECT 1' }, headers: { 'content-encoding': 'gzip' } },
      415,
      'gateway.body_encoded',
    ],
  ])('refuses %s by what it is', async (_, path, options, status, code) => {
    const answer = await server.api('POST', path, options);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  it.each([
    [
      'a wrong key before malformed JSON',
      '/query/sql',
      { headers: { 'content-type': 'application/json' }, body: '{' },
    ],
    ['a wrong key before an unknown parameter', '/query/sql?nope=1', {}],
    [
      'a wrong key before the wrong media type',
      '/query/sql',
      { headers: { 'content-type': 'text/plain' }, body: 'x' },
    ],
    ['a wrong key before an encoded slash', '/access/keys/a%2fb/rotate', {}],
    ['no key before a body that is too large', '/query/sql', { key: null, body: 'x'.repeat(50_000) }],
  ])('refuses %s', async (_, path, options) => {
    const wrong = `${server.adminKey.slice(0, -8)}AAAAAAAA`;
    const answer = await server.api('POST', path, { key: wrong, ...options });
    expect([answer.status, answer.json.code]).toEqual([401, 'access.unauthenticated']);
  });

  it('refuses a header X-On-Behalf-Of that holds nothing, and does not answer for the agent alone', async () => {
    const agent = await server.key('agent');
    for (const token of ['', ' ']) {
      const headers = { 'x-on-behalf-of': token };
      const answer = await server.api('GET', '/access/me', { key: agent.key, headers });
      expect([answer.status, answer.json.code]).toEqual([401, 'access.unauthenticated']);
    }
    expect((await server.api('GET', '/access/me', { key: agent.key })).status).toBe(200);
  });

  it.each([
    ['text/plain', '{"sql":"SELECT 1"}', 415],
    ['application/x-www-form-urlencoded', 'sql=SELECT+1', 415],
    ['application/json', '{"sql":"SELECT 1"', 400],
    ['application/json', '[]', 400],
    ['application/json', `{"sql":"${'x'.repeat(30_000)}"}`, 413],
    ['application/json', '{"sql":"SELECT 1","nope":1}', 400],
    ['application/json; charset=utf-8', '{"sql":"SELECT 1"}', 200],
  ])('answers a body of %s %# with %i', async (type, body, status) => {
    const answer = await server.api('POST', '/query/sql', { headers: { 'content-type': type }, body });
    expect(answer.status).toBe(status);
  });

  it.each([
    ['a stream without an end', '/events/stream'],
    ['a file', '/ingest/:id/source'],
  ])('records HEAD of %s as done, not as cancelled', async (_, path) => {
    const made = await server.api('POST', '/ingest/file?dataset=heads&file_name=a.csv', { body: 'a\n1\n' });
    const request = { headers: { 'x-request-id': `head-${path.length}` } };
    const head = await server.api('HEAD', path.replace(':id', made.json.ingest_id), request);
    expect(head).toMatchObject({ status: 200, text: '' });
    const audit = await server.api('GET', `/access/audit?request_id=head-${path.length}`);
    expect(audit.json.rows).toMatchObject([{ status: 'ok', code: null }]);
  });

  it('writes rows in the form that Accept asks for', async () => {
    for (const accept of [
      'application/json',
      'application/x-ndjson',
      'text/csv',
      'application/vnd.apache.parquet',
    ]) {
      const answer = await server.api('POST', '/query/sql', {
        json: { sql: 'SELECT 1 AS a' },
        headers: { accept },
      });
      expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([200, accept]);
    }
    const asked = { sql: 'SELECT 1 AS a', format: 'csv' };
    const given = await server.api('POST', '/query/sql', {
      json: asked,
      headers: { accept: 'application/json' },
    });
    expect(given.text).toBe('a\n1\n');
  });

  it('answers HEAD like GET, without the body', async () => {
    const head = await fetch(`${server.url}/ready`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(0);
  });

  it('takes the form’s fields before the file, and streams it', async () => {
    const answer = await ingest(form(['dataset', 'before'], ['file', new Blob([LARGE_CSV])]));
    expect(answer).toMatchObject({ status: 201, json: { dataset: 'before', row_count: 20_000 } });
  });

  it('takes a required field behind a large file too, for callers with a key', async () => {
    const body = form(['file', new Blob([LARGE_CSV])], ['dataset', 'behind'], ['mode', 'create']);
    expect(await ingest(body)).toMatchObject({ status: 201, json: { row_count: 20_000 } });
    const stranger = await fetch(`${server.url}/ingest/file`, {
      method: 'POST',
      headers: { 'x-api-key': 'lh_live_AAAAAAAAAAAA_wrong' },
      body: form(['file', new Blob([LARGE_CSV])], ['dataset', 'stranger']),
    });
    expect(stranger.status).toBe(401);
  });

  it('takes fields behind a small file in any order', async () => {
    const body = form(['file', new Blob(['a,b\n1,2\n'])], ['dataset', 'small'], ['mode', 'create']);
    expect(await ingest(body)).toMatchObject({ status: 201, json: { row_count: 1 } });
  });

  it.each([
    [
      'a field behind a file already being worked on',
      form(['dataset', 'late'], ['file', new Blob([LARGE_CSV])], ['mode', 'create']),
      'gateway.malformed_form',
    ],
    [
      'two files',
      form(['dataset', 'two'], ['file', new Blob(['a\n1\n'])], ['file', new Blob(['a\n2\n'])]),
      'gateway.malformed_form',
    ],
    ['no file', form(['dataset', 'none']), 'gateway.malformed_form'],
    [
      'a file of another name',
      form(['dataset', 'other'], ['upload', new Blob(['a\n1\n'])]),
      'gateway.malformed_form',
    ],
    [
      'a field given twice',
      form(['dataset', 'twice'], ['dataset', 'again'], ['file', new Blob(['a\n1\n'])]),
      'gateway.parameter_repeated',
    ],
    [
      'an unknown field',
      form(['dataset', 'unknown'], ['nope', '1'], ['file', new Blob(['a\n1\n'])]),
      'door.invalid_input',
    ],
  ])('refuses a form with %s, and keeps nothing of it', async (_, body, code) => {
    const dataset = String(body.get('dataset'));
    expect((await ingest(body)).json.code).toBe(code);
    expect((await server.api('GET', `/catalog/datasets/by-name/${dataset}`)).status).toBe(404);
  });

  it.each([
    ['/query/sql', {}, '/sql', 'is missing; it must be a string'],
    ['/query/sql', { sql: 7 }, '/sql', 'must be a string, not a number'],
    ['/access/keys', { name: 'ann' }, '/role', 'is missing; it must be a string'],
    ['/event', { title: 'x' }, '/source', 'is missing; it must be a string'],
  ])(
    'says of the input of %s with %j which member is wrong, and what it must be',
    async (path, body, pointer, detail) => {
      const { status, json } = await server.api('POST', path, { json: body });
      expect([status, json.code]).toEqual([400, 'door.invalid_input']);
      expect(json.errors).toContainEqual({ pointer, detail });
      expect(JSON.stringify(json)).not.toMatch(/received|expected|undefined/);
    },
  );

  it('refuses a name given in the query and in the form', async () => {
    const body = form(['dataset', 'a'], ['file', new Blob(['a\n1\n'])]);
    expect((await ingest(body, '?dataset=a')).json.code).toBe('gateway.parameter_repeated');
  });

  it('shows metrics to who holds the permission, without a name a caller chose', async () => {
    const { key } = await server.key('analyst');
    expect((await server.api('GET', '/metrics', { key })).status).toBe(403);
    await server.api('POST', '/query/sql', { json: { sql: 'SELECT * FROM secret_name' } });
    const { text } = await server.api('GET', '/metrics');
    expect(text).toContain('lakehouse_requests_total{operation="query.sql"');
    expect(text).toContain('lakehouse_engine_');
    expect(text).toMatch(/^lakehouse_journal_events_created [1-9]/m);
    expect(text).not.toContain('lakehouse_metric_source_failures_total{');
    expect(text).not.toContain('secret_name');
  });

  it('answers a preflight of an allowed origin, and no other', async () => {
    const ask = (origin: string) =>
      fetch(`${server.url}/query/sql`, { method: 'OPTIONS', headers: { origin } });
    const allowed = await ask('https://app.example');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example');
    const refused = await ask('https://evil.example');
    expect(refused.status).toBe(403);
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('streams a large answer to its end', async () => {
    const sql = 'SELECT range AS n FROM range(300000)';
    const { text, headers } = await server.api('POST', '/query/sql', { json: { sql, format: 'ndjson' } });
    expect(headers.get('content-type')).toContain('ndjson');
    expect(text.trimEnd().split('\n')).toHaveLength(300_000);
  });

  it('limits the requests of one key, not of another', async () => {
    const limited = await startTestServer({ config: '[server]\nrate_limit_per_minute = 30\n' });
    try {
      const answers = [];
      for (let at = 0; at < 40; at++) answers.push(await limited.api('GET', '/session'));
      const refused = answers.find((answer) => answer.status === 429);
      expect(refused?.json.code).toBe('gateway.rate_limited');
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await limited.api('GET', '/session', { key: null })).status).toBe(401);
      expect((await limited.api('GET', '/health')).status).toBe(200);
    } finally {
      await limited.close();
    }
  });
});

describe('shutdown', () => {
  it('lets a request in flight finish and refuses the next', async () => {
    const server = await startTestServer();
    const body = JSON.stringify({ sql: 'SELECT range AS n FROM range(2000000)', format: 'ndjson' });
    const headers = { 'x-api-key': server.adminKey, 'content-type': 'application/json' };
    const running = await fetch(`${server.url}/query/sql`, { method: 'POST', headers, body });
    const closed = server.close();
    const text = await running.text();
    expect(text.trimEnd().split('\n')).toHaveLength(2_000_000);
    await closed;
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });
});
