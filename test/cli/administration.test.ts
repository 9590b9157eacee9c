import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lakehouse } from '../harness/command-line.ts';
import { startTestServer, type TestServer } from '../harness/server.ts';

let server: TestServer;
let folder: string;
const as = (key: string, ...args: string[]) =>
  lakehouse(args, { environment: { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: key } });
const run = (...args: string[]) => as(server.adminKey, ...args);
const failure = (result: { stderr: string }) => JSON.parse(result.stderr);

beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'administration-'));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

it('lists delegations and ends one', async () => {
  const agent = (await run('keys', 'create', '--name', 'matcher', '--role', 'agent', '--json')).json;
  const made = (await run('access', 'delegate', '--agent', 'matcher', '--json')).json;
  const token = join(folder, 'token');
  await writeFile(token, made.token);
  expect((await as(agent.key, 'whoami', '--on-behalf-of-file', token)).exitCode).toBe(0);
  expect((await run('access', 'delegations', 'list')).stdout).toMatch(
    new RegExp(`${made.delegation_id}.*matcher.*admin.*live`),
  );
  const ended = await run('access', 'delegations', 'revoke', made.delegation_id);
  expect(ended.stdout).toContain('is revoked');
  expect((await as(agent.key, 'whoami', '--on-behalf-of-file', token)).exitCode).toBe(3);
  const { delegations } = (await run('access', 'delegations', 'list', '--json')).json;
  expect(delegations[0].revoked_at).not.toBeNull();
  const again = await run('access', 'delegations', 'revoke', 'nope', '--json');
  expect([again.exitCode, failure(again).code]).toEqual([1, 'access.delegation_not_found']);
});

it('rotates the secrets of the server and the key of its checkpoints', async () => {
  for (const name of ['api-key', 'delegation', 'mask-hash']) {
    const rotated = (await run('keys', 'rotate-secret', name, '--json')).json;
    expect(rotated).toMatchObject({ name, version: 2, previous_version: 1 });
  }
  expect((await run('keys', 'rotate-secret', 'api-key')).stdout).toContain(
    'Version 3 of the secret api-key is in force',
  );
  expect((await run('keys', 'rotate-secret', 'nope')).exitCode).toBe(1);
  const rotated = await run('journal', 'rotate-key');
  expect(rotated.stdout).toMatch(/signed with key \S+; those of \S+ still verify/);
  expect((await run('journal', 'verify')).exitCode).toBe(0);
});

it('keeps the last administrator’s key unless forced', async () => {
  const [, , first = ''] = server.adminKey.split('_');
  const refused = await run('keys', 'revoke', first, '--json');
  expect([refused.exitCode, failure(refused).code]).toEqual([1, 'access.last_administrator']);
  const second = (await run('keys', 'create', '--name', 'two', '--role', 'admin', '--json')).json;
  expect((await run('keys', 'revoke', second.key_id, '--force')).exitCode).toBe(0);
});

it('lists what was loaded, and writes its rejected rows and its file', async () => {
  const file = join(folder, 'ragged.csv');
  const text = 'id,n\n1,2\n2,3\n3,4\n4\n';
  await writeFile(file, text);
  const loaded = await run('ingest', file, '--on-error', 'quarantine');
  const [, id = ''] = /lakehouse ingests rejected (\S+)/.exec(loaded.stdout) ?? [];
  const rejected = await run('ingests', 'rejected', id);
  expect(
    rejected.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).line),
  ).toEqual([5]);
  expect((await run('ingests', 'list')).stdout).toMatch(new RegExp(`${id}.*ragged.*ragged\\.csv.*admin`));
  expect((await run('ingests', 'list', '--dataset', 'other', '--json')).json.ingests).toEqual([]);
  const copy = join(folder, 'copy.csv');
  const written = await run('ingests', 'source', id, '--output', copy, '--json');
  expect(written.json).toEqual({ file: copy, size_bytes: text.length });
  expect(await readFile(copy, 'utf8')).toBe(text);
});

it('tells a script of the files that were loaded before one that is refused', async () => {
  const good = join(folder, 'good.csv');
  const bad = join(folder, 'bad.csv');
  await writeFile(good, 'id\n1\n');
  await writeFile(bad, '');
  const { exitCode, stdout, stderr } = await run('ingest', good, bad, '--json');
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toEqual([expect.objectContaining({ dataset: 'good', row_count: 1 })]);
  expect(failure({ stderr }).code).toBe('door.truth_blocked');
});

it('compares columns, datasets and files', async () => {
  const diff = async (columns: unknown) =>
    (await run('datasets', 'schema-diff', 'ragged', '--columns', JSON.stringify(columns))).stdout;
  expect(await diff([{ name: 'id', type: 'string' }])).toContain('An append is refused.\n  by hand: ');
  expect(
    await diff([
      { name: 'id', type: 'long' },
      { name: 'n', type: 'long' },
    ]),
  ).toBe('An append goes through.\n');
  expect((await run('datasets', 'resync-missing', '--dry-run')).stdout).toMatch(
    /2 datasets looked at\.\n\d+ files? of no dataset \(.*\), nothing was removed \(dry run\)/,
  );
  expect((await run('datasets', 'resync-metadata')).stdout).toContain('was looked at by this detector');
  expect((await run('datasets', 'resync-metadata', 'ragged')).stdout).toContain('ragged: nothing new');
});
