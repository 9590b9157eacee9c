import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BARE_INVOCATION, NO_MODELS } from '../../../../test/support/bare-scope.ts';
import { createIdGenerator, createLogger, systemClock } from '../../../base/index.ts';
import { configSchema } from '../../../config/index.ts';
import { scopeIssuer } from '../../../govern/scope/index.ts';
import { type Metastore, openMetastore } from '../../../metastore/index.ts';
import { createStoraged, type Storaged } from '../create-storaged.ts';

// Requests that were prepared before another one's effect, as the door may run them.
let home: string;
let store: Metastore;
let storaged: Storaged;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'conditional-'));
  const config = configSchema.parse({});
  const log = createLogger({ level: 'silent' });
  const clock = systemClock;
  const metastore = { ...config.metastore, commit_timeout_ms: 20_000 };
  store = await openMetastore({ file: join(home, 'metastore.db'), config: metastore, clock, log });
  const ids = createIdGenerator({ clock, random: randomBytes });
  storaged = await createStoraged({ home, config: config.storage, reader: store, clock, ids });
});
afterEach(async () => {
  await store.close();
  await rm(home, { recursive: true, force: true });
});

const file = () => join(home, 'buckets/default/o');
const uploads = () => readdir(join(home, 'buckets/default/.lakehouse/uploads'));

async function prepare(
  name: 'objects.put' | 'objects.delete',
  given: Readonly<Record<string, unknown>> = {},
  content: { body?: AsyncIterable<Uint8Array>; signal?: AbortSignal } = {},
) {
  const operation = storaged.operations.find((one) => one.name === name);
  if (operation?.kind !== 'mutation' || operation.access.kind !== 'demands') throw new Error('no operation');
  const scope = scopeIssuer.write({
    requestId: 'test',
    identity: { name: 't', role: 'admin', attributes: new Map(), keyId: null, onBehalfOf: null },
    signal: content.signal ?? new AbortController().signal,
    log: createLogger({ level: 'silent' }),
    decisions: new Map(),
    buckets: [{ bucket: 'default', key: 'o', action: name === 'objects.put' ? 'write' : 'delete' }],
    permissions: new Set<never>(),
    ...NO_MODELS,
    authorise: () => ({ allowed: false }) as never,
  });
  const input = operation.input.parse({ bucket: 'default', key: 'o', ...given });
  const { resolved } = await operation.access.resolve(scope as never, input);
  const invocation = { ...BARE_INVOCATION, body: content.body ?? null, contentSha256: async () => 'sha' };
  const { external } = await operation.prepare(scope, input, { resolved, ...invocation });
  if (external == null) throw new Error('no effect');
  return () => external.perform();
}

async function* bytes(...parts: readonly string[]) {
  for (const part of parts) yield Buffer.from(part);
}

test('of two that may not replace, prepared at once, one makes the object', async () => {
  const put = (text: string) => prepare('objects.put', { if_none_match: '*' }, { body: bytes(text) });
  const performs = [await put('one'), await put('two')];
  const ends = await Promise.allSettled(performs.map((perform) => perform()));
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'storage.precondition_failed' },
  });
  expect(await uploads()).toEqual([]);
});

test('a delete is judged again by the object that is there when it happens', async () => {
  await writeFile(file(), 'old');
  const perform = await prepare('objects.delete', { if_match: '*' });
  await rm(file());
  await expect(perform()).rejects.toMatchObject({ code: 'storage.object_not_found' });
});

test('content of another length than was said is refused and leaves nothing', async () => {
  const put = prepare('objects.put', { content_length: 4 }, { body: bytes('one') });
  await expect(put).rejects.toMatchObject({ code: 'storage.truncated' });
  expect(await uploads()).toEqual([]);
});

test('a caller that leaves with the last byte makes no object', async () => {
  const leaving = new AbortController();
  async function* body() {
    yield Buffer.from('whole');
    leaving.abort();
  }
  await expect(prepare('objects.put', {}, { body: body(), signal: leaving.signal })).rejects.toThrow();
  expect(await uploads()).toEqual([]);
  await expect(readFile(file())).rejects.toMatchObject({ code: 'ENOENT' });
});
