import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './harness/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ config: '[storage]\nmax_object_bytes = 1000000\n' });
});
afterAll(() => server.close());

const path = (key: string) => `/buckets/default/objects/${key}`;
const put = (key: string, body: string, headers: Record<string, string> = {}) =>
  server.api('PUT', path(key), { body, headers });
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const uploads = async () => readdir(join(server.home, 'buckets/default/.lakehouse/uploads'));

describe('objects over HTTP', () => {
  test('are stored, read, looked at and deleted, each change journaled', async () => {
    const made = await put('a/b.txt', 'hello', { 'content-type': 'text/plain' });
    expect(made).toMatchObject({ status: 201, json: { etag: `"${sha256('hello')}"`, size_bytes: 5 } });
    const read = await server.api('GET', path('a/b.txt'));
    expect(read).toMatchObject({ status: 200, text: 'hello' });
    expect(Object.fromEntries(read.headers)).toMatchObject({
      etag: `"${sha256('hello')}"`,
      'content-type': 'text/plain',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    });
    const head = await server.api('HEAD', path('a/b.txt'));
    expect([head.status, head.headers.get('content-length'), head.text]).toEqual([200, '5', '']);
    expect((await put('a/b.txt', 'again')).status).toBe(200);
    expect((await server.api('DELETE', path('a/b.txt'))).json).toMatchObject({ deleted: true });
    expect((await server.api('GET', path('a/b.txt'))).json).toMatchObject({
      code: 'storage.object_not_found',
    });
    const events = await server.api(
      'GET',
      `/journal/events?subject=${encodeURIComponent('object:default/a/b.txt')}`,
    );
    const actions = events.json.events.map(
      (event: { action: string; phase: string }) => `${event.action} ${event.phase}`,
    );
    for (const each of ['object.put intent', 'object.put settled', 'object.deleted settled'])
      expect(actions).toContain(each);
  });

  test('that another program wrote over have another entity tag, and no checksum', async () => {
    const made = await put('written-over', 'ours');
    await writeFile(join(server.home, 'buckets/default/written-over'), 'else');
    const head = await server.api('HEAD', path('written-over'));
    expect(head.headers.get('etag')).toMatch(/^"f-/);
    const kept = await put('written-over', 'new', { 'if-match': made.json.etag });
    expect(kept).toMatchObject({ status: 412, json: { code: 'storage.precondition_failed' } });
    expect((await server.api('GET', path('written-over'))).text).toBe('else');
  });

  test('give ranges, and say where one cannot be given', async () => {
    await put('range', '0123456789');
    const part = await server.api('GET', path('range'), { headers: { range: 'bytes=2-4' } });
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, '234', 'bytes 2-4/10']);
    const beyond = await server.api('GET', path('range'), { headers: { range: 'bytes=10-' } });
    expect(beyond).toMatchObject({ status: 416, json: { code: 'storage.range_not_satisfiable' } });
    const stale = await server.api('GET', path('range'), {
      headers: { range: 'bytes=2-4', 'if-range': '"old"' },
    });
    expect([stale.status, stale.text]).toEqual([200, '0123456789']);
  });

  test('obey preconditions', async () => {
    const etag = (await put('cond', 'one', { 'if-none-match': '*' })).json.etag;
    expect(await put('cond', 'two', { 'if-none-match': '*' })).toMatchObject({ status: 412 });
    expect(await put('cond', 'two', { 'if-match': '"other"' })).toMatchObject({ status: 412 });
    expect((await server.api('GET', path('cond'))).text).toBe('one');
    expect((await server.api('GET', path('cond'), { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await server.api('GET', path('cond'), { headers: { 'if-match': '"x"' } })).status).toBe(412);
    expect((await put('cond', 'two', { 'if-match': etag })).status).toBe(200);
    expect((await server.api('DELETE', path('cond'), { headers: { 'if-match': etag } })).status).toBe(412);
  });

  test('of many concurrent creations of one key exactly one succeeds', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => put('race', `content ${index}`, { 'if-none-match': '*' })),
    );
    const won = answers.filter((answer) => answer.status === 201);
    expect(answers.map((answer) => answer.status).sort()).toEqual([
      201,
      ...Array.from({ length: 11 }, () => 412),
    ]);
    expect((await server.api('HEAD', path('race'))).headers.get('etag')).toBe(won[0]?.json.etag);
    expect(await uploads()).toEqual([]);
  });

  test.each([
    ['a wrong MD5', { 'content-md5': Buffer.alloc(16).toString('base64') }, 422, 'storage.checksum_mismatch'],
    ['a wrong SHA-256', { 'x-checksum-sha256': '0'.repeat(64) }, 422, 'storage.checksum_mismatch'],
    ['a malformed MD5', { 'content-md5': 'abc' }, 400, 'storage.invalid_checksum'],
    ['a malformed precondition', { 'if-match': 'abc' }, 400, 'storage.invalid_precondition'],
  ])('%s keeps nothing', async (_name, headers, status, code) => {
    expect(await put('refused', 'content', headers)).toMatchObject({ status, json: { code } });
    expect((await server.api('GET', path('refused'))).status).toBe(404);
    expect(await uploads()).toEqual([]);
  });

  test('right checksums are taken', async () => {
    const md5 = createHash('md5').update('content').digest('base64');
    const headers = { 'content-md5': md5, 'x-checksum-sha256': sha256('content') };
    expect((await put('checked', 'content', headers)).status).toBe(201);
  });

  test('an object beyond the limit keeps nothing', async () => {
    expect(await put('large', 'x'.repeat(1_000_001))).toMatchObject({
      status: 413,
      json: { code: 'storage.too_large' },
    });
    expect((await server.api('HEAD', path('large'))).status).toBe(404);
    expect(await uploads()).toEqual([]);
  });

  test('files that came into the folder by themselves are objects too', async () => {
    const folder = join(server.home, 'buckets/default/mine');
    await mkdir(folder);
    await writeFile(join(folder, 'own.csv'), 'a\n1\n');
    const list = await server.api('GET', '/buckets/default/objects?prefix=mine/');
    expect(list.json.objects).toMatchObject([{ key: 'mine/own.csv', size_bytes: 4, sha256: null }]);
    const etag = (await server.api('GET', path('mine/own.csv'))).headers.get('etag') ?? '';
    expect(list.json.objects[0].etag).toBe(etag);
    await writeFile(join(folder, 'own.csv'), 'a\n2\n3\n');
    expect((await put('mine/own.csv', 'x', { 'if-match': etag })).status).toBe(412);
  });

  test('are listed in pages, by prefix and folder', async () => {
    for (const key of ['l/a', 'l/b/1', 'l/b/2', 'l/c']) await put(key, key);
    const first = await server.api('GET', '/buckets/default/objects?prefix=l/&delimiter=/&limit=2');
    expect(first.json).toMatchObject({ objects: [{ key: 'l/a' }], common_prefixes: ['l/b/'] });
    const token = encodeURIComponent(first.json.next_page_token);
    const second = await server.api(
      'GET',
      `/buckets/default/objects?prefix=l/&delimiter=/&limit=2&page_token=${token}`,
    );
    expect(second.json).toMatchObject({
      objects: [{ key: 'l/c' }],
      common_prefixes: [],
      next_page_token: null,
    });
    const forged = await server.api('GET', '/buckets/default/objects?page_token=abc');
    expect(forged).toMatchObject({ status: 400, json: { code: 'storage.invalid_page_token' } });
  });
});

describe('an upload that is cut off (F-8)', () => {
  test('leaves no object and no temporary file', async () => {
    await abortedUpload(path('cut'), { 'content-length': '1000000' });
    await expect.poll(uploads).toEqual([]);
    expect((await server.api('HEAD', path('cut'))).status).toBe(404);
  });

  test('keeps the old object where it was to replace one', async () => {
    await put('kept', 'old');
    await abortedUpload(path('kept'), { 'transfer-encoding': 'chunked' });
    await expect.poll(uploads).toEqual([]);
    expect((await server.api('GET', path('kept'))).text).toBe('old');
  });

  test('is swept at the next start where the server died in the middle', async () => {
    await put('any', 'x');
    await writeFile(join(server.home, 'buckets/default/.lakehouse/uploads/left'), 'half');
    await server.restart();
    expect(await uploads()).toEqual([]);
  });
});

/** Sends half of a body, and leaves once the server has begun to write it. */
async function abortedUpload(where: string, headers: Record<string, string>): Promise<void> {
  const sent = httpRequest(server.url + where, {
    method: 'PUT',
    headers: { 'x-api-key': server.adminKey, ...headers },
  });
  const closed = new Promise((resolve) => sent.on('close', resolve).on('error', resolve));
  sent.write(Buffer.alloc(300_000, 'x'));
  await expect.poll(uploads).not.toEqual([]);
  sent.destroy();
  await closed;
}
