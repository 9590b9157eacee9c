import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange, requestLines, statusOf } from '../harness/raw-http.ts';
import { startTestServer, type TestServer } from '../harness/server.ts';

/** K-13: a web page makes a browser call the local server (CSRF, DNS rebinding, cross-site streams). */
describe('K-13: a web page drives the local server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const addresses = [
    ['GET', '/health'],
    ['GET', '/ready'],
    ['GET', '/openapi.json'],
    ['GET', '/access/me'],
    ['POST', '/query/sql'],
    ['PUT', '/buckets/default/objects/a'],
    ['DELETE', '/access/keys/AAAAAAAAAAAA'],
    ['OPTIONS', '/query/sql'],
    ['POST', '/mcp'],
    ['GET', '/mcp'],
    ['GET', '/nowhere'],
  ] as const;

  it.each(addresses)('refuses %s %s under a rebound name, with a key or without', async (method, path) => {
    for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.', '169.254.169.254']) {
      const keyed = { host, 'x-api-key': server.adminKey };
      expect(statusOf(await exchange(server.url, requestLines(method, path, keyed)))).toBe(421);
      expect(statusOf(await exchange(server.url, requestLines(method, path, { host })))).toBe(421);
    }
  });

  it.each(addresses)('refuses %s %s of another site’s page', async (method, path) => {
    const { host } = new URL(server.url);
    const pages = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://${host}.evil.example` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'http://127.0.0.1:1' },
    ];
    for (const page of pages) {
      const headers = { host, 'x-api-key': server.adminKey, ...page };
      const answer = await exchange(
        server.url,
        requestLines(method, path, headers as Record<string, string>),
      );
      expect(statusOf(answer), JSON.stringify(page)).toBe(403);
      expect(answer.toLowerCase()).not.toContain('access-control-allow');
    }
  });

  it('takes no mutation in a form a page could send without a preflight', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      '',
    ]) {
      const headers = type === '' ? {} : { 'content-type': type };
      const body = '{"name":"intruder","role":"admin"}';
      const answer = await server.api('POST', '/access/keys', { headers, body });
      expect(answer.status).toBe(415);
      expect((await server.api('POST', '/mcp', { headers, body })).status).toBe(415);
    }
    const keys = await server.api('GET', '/access/keys');
    expect(keys.text).not.toContain('intruder');
  });

  it('ignores forwarded hosts and absolute request targets', async () => {
    const { host } = new URL(server.url);
    const forwarded = requestLines('GET', '/health', { host: 'evil.example', 'x-forwarded-host': host });
    expect(statusOf(await exchange(server.url, forwarded))).toBe(421);
    const absolute = requestLines('GET', `http://${host}/health`, { host: 'evil.example' });
    expect(statusOf(await exchange(server.url, absolute))).toBe(421);
  });

  it('forbids a browser to frame, sniff, run or keep what it answers', async () => {
    const put = await server.api('PUT', '/buckets/default/objects/page.html', {
      headers: { 'content-type': 'text/html' },
      body: '<script>alert(1)</script>',
    });
    expect(put.status).toBe(201);
    for (const path of ['/buckets/default/objects/page.html', '/access/me', '/nowhere']) {
      const { headers } = await server.api('GET', path);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('content-security-policy')).toContain('sandbox');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});
