import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange, requestLines } from '../harness/raw-http.ts';
import { startTestServer, type TestServer } from '../harness/server.ts';

/** K-14: control characters, CRLF, HTML and ANSI in names, cells and headers. The command line's part: test/cli. */
describe('K-14: control characters', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it.each([
    ['a name with an escape sequence', { sql: 'SELECT * FROM "a\u001b[31m"' }],
    ['a name with line breaks', { sql: 'SELECT * FROM "a\r\nset-cookie: x=1"' }],
    ['a name with HTML', { sql: 'SELECT * FROM "<script>alert(1)</script>"' }],
    ['an unknown member with control characters', { sql: 'SELECT 1', 'x\u0000\u001b': 1 }],
  ])('%s comes back inside JSON only, escaped', async (_, json) => {
    const answer = await server.api('POST', '/query/sql', { json });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.text).not.toMatch(/\p{Cc}/u);
  });

  it.each(['a\u001b[31m', 'a\nb', 'a\u202eb', '<b>', 'a b', 'a"b'])(
    'refuses %j as a dataset’s name',
    async (name) => {
      const path = `/ingest/file?dataset=${encodeURIComponent(name)}`;
      const answer = await server.api('POST', path, { body: 'a\n1\n' });
      expect(answer.status).toBe(400);
      expect(answer.text).not.toMatch(/\p{Cc}/u);
    },
  );

  it('gives cells back as they are in JSON, and never as markup', async () => {
    const cell = '<img src=x onerror=alert(1)>\u001b]0;x\u0007\u202e';
    const params = { sql: 'SELECT $1 AS cell', params: [cell] };
    const answer = await server.api('POST', '/query/sql', { json: params });
    expect(answer.json.rows[0].cell).toBe(cell);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('splits no answer by what a request’s headers or path hold', async () => {
    const { host } = new URL(server.url);
    const requests = [
      requestLines('GET', '/health', { host, 'x-request-id': 'a\rb: c' }),
      requestLines('GET', '/health', { host, 'x-request-id': 'a\u0001b' }),
      requestLines('GET', '/nope%0d%0aset-cookie:%20x=1', { host, 'x-api-key': server.adminKey }),
      requestLines('GET', '/buckets/default/objects/a%0d%0ab', { host, 'x-api-key': server.adminKey }),
      requestLines('GET', '/health?a=%0d%0aset-cookie:x', { host }),
    ];
    for (const request of requests) {
      const [head = ''] = (await exchange(server.url, request)).split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 \d{3}/);
      expect(head.toLowerCase()).not.toMatch(/^(?:set-cookie|b: c)/m);
    }
  });

  it('keeps a stored content type from carrying another header', async () => {
    const path = '/buckets/default/objects/typed';
    const headers = { 'content-type': 'text/html; x="\u00e9"' };
    const put = await server.api('PUT', path, { headers, body: 'x' });
    if (put.status >= 400) return;
    const answer = await server.api('GET', path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toContain('sandbox');
  });
});
