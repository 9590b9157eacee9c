import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

// RFC 9530: what a client says of its body is held against what arrives, before anything of it is seen.
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const of = (algorithm: 'sha-256' | 'sha-512', body: string) =>
  `${algorithm}=:${createHash(algorithm.replace('-', '')).update(body).digest('base64')}:`;

const BODY = `id,name\n${'1,a\n'.repeat(50_000)}`;
const boundary = 'cut-here';
const form = (file: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="dataset"\r\n\r\nforms\r\n--${boundary}\r\n` +
  `Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n${file}\r\n--${boundary}--\r\n`;

interface Upload {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly type: string;
}
const UPLOADS: Readonly<Record<string, Upload>> = {
  'an object': { method: 'PUT', path: '/buckets/default/objects/a.csv', body: BODY, type: 'text/csv' },
  'an ingest': {
    method: 'POST',
    path: '/ingest/file?dataset=raw&file_name=a.csv',
    body: BODY,
    type: 'text/csv',
  },
  'a form': {
    method: 'POST',
    path: '/ingest/file',
    body: form(BODY),
    type: `multipart/form-data; boundary=${boundary}`,
  },
  'a small form': {
    method: 'POST',
    path: '/ingest/file',
    body: form('id\n1\n'),
    type: `multipart/form-data; boundary=${boundary}`,
  },
  'a query': { method: 'POST', path: '/query/sql', body: '{"sql":"SELECT 1"}', type: 'application/json' },
};

const send = ({ method, path, body, type }: Upload, headers: Record<string, string>) =>
  server.api(method, path, { body, headers: { 'content-type': type, ...headers } });

describe.each(Object.entries(UPLOADS))('%s', (name, upload) => {
  test.each([
    ['Content-Digest', 'sha-256'],
    ['Content-Digest', 'sha-512'],
    ['Repr-Digest', 'sha-256'],
    ['Repr-Digest', 'sha-512'],
  ] as const)('with another %s in %s is refused and leaves nothing', async (field, algorithm) => {
    const right = of(algorithm, upload.body);
    const wrong = of(algorithm, `${upload.body} `);
    for (const value of [wrong, `md5=:AAAA:, ${wrong}`]) {
      expect(await send(upload, { [field]: value })).toMatchObject({
        status: 400,
        json: { code: 'gateway.digest_mismatch', field, algorithm },
      });
    }
    const other = field === 'Content-Digest' ? 'Repr-Digest' : 'Content-Digest';
    expect((await send(upload, { [field]: wrong, [other]: right })).status).toBe(400);
    if (name === 'an object') {
      const head = await server.api('HEAD', upload.path);
      expect(head.status).toBe(404);
    } else {
      const listed = await server.api('GET', '/catalog/datasets');
      expect(listed.json.datasets).toEqual([]);
    }
  });

  test('with a header that is no digest is refused', async () => {
    for (const value of ['sha-256=abc', 'sha-256=:AAAA:', 'sha-256', '::']) {
      expect(await send(upload, { 'Content-Digest': value })).toMatchObject({
        status: 400,
        json: { code: 'gateway.digest_invalid' },
      });
    }
  });
});

// Last, so that what is refused above is seen to leave nothing.
test.each(Object.entries(UPLOADS))(
  '%s with its digests is taken, whatever other algorithm stands beside them',
  async (_, upload) => {
    const both = `${of('sha-512', upload.body)}, ${of('sha-256', upload.body)}, unixsum=:AAAA:`;
    const answer = await send(upload, { 'Content-Digest': both, 'Repr-Digest': of('sha-256', upload.body) });
    expect(answer.status, answer.text).toBeLessThan(300);
  },
);
