import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

// K-8: object keys with `..`, `%2f`, NUL, symlink, prefix sibling, very long, unicode forms.

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    config: '[storage.buckets.default]\npath = "buckets/b"\n[storage.buckets.sibling]\npath = "buckets/bb"\n',
  });
  await writeFile(join(server.home, 'buckets', 'outside.txt'), 'outside');
  await writeFile(join(server.home, 'buckets', 'bb', 'sibling.txt'), 'sibling');
});
afterAll(() => server.close());

/** A request whose path goes out exactly as written: clients would tidy it. */
async function raw(method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { hostname, port, method, path, headers: { 'x-api-key': server.adminKey } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    sent.on('error', reject).end(body);
  });
}

const KEYS: readonly (readonly [string, string])[] = [
  ['a parent part', '../outside.txt'],
  ['a parent part inside', 'a/../../outside.txt'],
  ['an encoded slash', '..%2foutside.txt'],
  ['encoded dots', '%2e%2e/outside.txt'],
  ['all encoded', '%2e%2e%2foutside.txt'],
  ['twice encoded', '..%252foutside.txt'],
  ['thrice encoded', '..%25252foutside.txt'],
  ['an encoded backslash', '..%5coutside.txt'],
  ['a zero byte', 'a%00.txt'],
  ['a zero byte behind a parent part', '../outside.txt%00.png'],
  ['an overlong slash', '..%c0%afoutside.txt'],
  ['full-width dots', '%ef%bc%8e%ef%bc%8e/outside.txt'],
  ['a full-width slash', '..%ef%bc%8foutside.txt'],
  ['the prefix sibling', '../bb/sibling.txt'],
  ['the folder itself and a sibling’s letter', '../b/../bb/sibling.txt'],
  ['an absolute path', '/etc/passwd'],
  ['a double slash', 'a//b'],
  ['a dot part', './a'],
  ['a line end', 'a%0ab'],
  ['the reserved folder', '.lakehouse/uploads/x'],
  ['the reserved folder in other case', '.LAKEHOUSE/x'],
  ['a decomposed letter', 'cafe%cc%81'],
  ['a very long key', 'k/'.repeat(600)],
  ['a very long part', 'k'.repeat(256)],
];

describe('keys that lead out of a bucket', () => {
  test.each(KEYS)('%s reaches nothing', async (_name, key) => {
    const before = await readdir(join(server.home, 'buckets'), { recursive: true });
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const answer = await raw(
        method,
        `/buckets/default/objects/${key}`,
        method === 'PUT' ? 'attack' : undefined,
      );
      expect([method, answer.status]).toEqual([
        method,
        expect.toSatisfy((status: number) => status >= 400 && status < 500),
      ]);
      expect(answer.text).not.toMatch(/outside$|sibling$|root:/);
    }
    expect(await readdir(join(server.home, 'buckets'), { recursive: true })).toEqual(before);
    expect(await readFile(join(server.home, 'buckets', 'outside.txt'), 'utf8')).toBe('outside');
    expect(await readFile(join(server.home, 'buckets', 'bb', 'sibling.txt'), 'utf8')).toBe('sibling');
  });

  test.each(['../', '%2e%2e/', 'a/../..', '..%2f', '.lakehouse/', '/'])(
    'a list of %s shows nothing',
    async (prefix) => {
      const answer = await raw('GET', `/buckets/default/objects?prefix=${prefix}`);
      expect(answer.status).toBe(400);
    },
  );

  test.each(['..', '../bb', '%2e%2e', 'default%2f..', 'DEFAULT', '__proto__', 'constructor'])(
    'there is no bucket %s',
    async (bucket) => {
      const answer = await raw('GET', `/buckets/${bucket}/objects/sibling.txt`);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toBe('sibling');
    },
  );
});

describe('links in a bucket', () => {
  test('are no objects, and nothing is written or deleted through them', async () => {
    const bucket = join(server.home, 'buckets', 'b');
    const secrets = join(server.home, 'secrets');
    await mkdir(secrets);
    await writeFile(join(secrets, 'key'), 'secret');
    await symlink(secrets, join(bucket, 'folder'));
    await symlink(join(secrets, 'key'), join(bucket, 'file'));
    for (const key of ['file', 'folder', 'folder/key']) {
      expect((await raw('GET', `/buckets/default/objects/${key}`)).status).toBe(404);
      expect((await raw('DELETE', `/buckets/default/objects/${key}`)).status).toBe(404);
    }
    expect((await raw('PUT', '/buckets/default/objects/folder/new', 'x')).status).toBe(400);
    const list = await server.api('GET', '/buckets/default/objects');
    expect(list.json.objects).toEqual([]);
    expect(await readdir(secrets)).toEqual(['key']);
    expect(await readFile(join(secrets, 'key'), 'utf8')).toBe('secret');
  });
});
