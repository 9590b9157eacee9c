import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { initHome, type RunningServer, recoverKey, startServer, verifyHome } from '../../src/main.ts';
import { SMALL_ENGINE } from '../faults/child-server.ts';
import { request } from '../harness/server.ts';

let folder: string;
let home: string;
let running: RunningServer | null = null;

const QUIET = { 'server.port': 0, 'log.level': 'silent' };

async function serve(flags: Record<string, string | number | boolean> = {}): Promise<RunningServer> {
  running = await startServer({ home, environment: {}, flags: { ...QUIET, ...flags } });
  return running;
}

const api = (key: string | null, method: string, path: string, json?: unknown) =>
  request(running?.url ?? '', method, path, { key, ...(json === undefined ? {} : { json }) });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-home-'));
  home = join(folder, 'home');
});
afterEach(async () => {
  await running?.close();
  running = null;
  await rm(folder, { recursive: true, force: true });
});

async function init(config = SMALL_ENGINE): Promise<string> {
  const { adminKey } = await initHome({ home });
  await writeFile(join(home, 'lakehouse.toml'), config);
  return adminKey;
}

test('a server that cannot listen says why and what to do, and leaves its home to the next', async () => {
  await init();
  const first = await serve();
  const other = join(folder, 'other');
  await initHome({ home: other });
  const start = (flags: Record<string, string | number>) =>
    startServer({ home: other, environment: {}, flags: { ...QUIET, ...flags } });
  await expect(start({ 'server.port': first.port })).rejects.toMatchObject({
    code: 'gateway.address_unusable',
    detail: expect.stringMatching(/another program listens there\. Choose another with --host and --port/),
  });
  await expect(start({ 'server.host': '192.0.2.1' })).rejects.toMatchObject({
    code: 'gateway.address_unusable',
  });
  await (await start({})).close();
});

describe('a new home', () => {
  test('is refused in words where its folder is a file, or below one', async () => {
    await writeFile(join(folder, 'file'), '');
    for (const taken of [join(folder, 'file'), join(folder, 'file', 'home')]) {
      await expect(initHome({ home: taken })).rejects.toMatchObject({ code: 'home.folder_unusable' });
    }
  });

  test('is its owner’s alone, and its first event is its making', async () => {
    const key = await init();
    for (const path of ['', 'keys', 'store', 'warehouse', 'system']) {
      expect((await stat(join(home, path))).mode & 0o777, path).toBe(0o700);
    }
    const files = [
      'keys/api-key.hmac',
      'keys/checkpoint.ed25519',
      'lakehouse.toml',
      'routing.toml',
      'observer.toml',
      'FORMAT',
    ];
    for (const file of files) expect((await stat(join(home, file))).mode & 0o077, file).toBe(0);
    await serve();
    const { events } = (await api(key, 'GET', '/journal/events?limit=5')).json;
    expect(events.map((event: { operation: string }) => event.operation)).toContain('system.init');
  });

  test('gives a repository around it what people write, and no key, table or store', async () => {
    await init();
    const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
    git('init', '--quiet');
    await writeFile(join(home, 'warehouse', 'rows.parquet'), 'rows');
    await writeFile(join(home, 'provider.key'), 'secret');
    const seen = git('status', '--short', '--untracked-files=all').trim().split('\n');
    expect(seen).toContain('?? home/access.toml');
    expect(seen).toContain('?? home/tools/open_jobs.toml');
    const written = /^\?\? home\/(?:\.gitignore|[\w-]+\.toml|(?:tools|prompts)\/[\w-]+\.(?:toml|md))$/;
    expect(seen.filter((line) => !written.test(line))).toEqual([]);
  });

  test('is not made in a folder that holds anything', async () => {
    await mkdir(home);
    await writeFile(join(home, 'mine.txt'), 'mine');
    await expect(initHome({ home })).rejects.toMatchObject({ code: 'home.already_a_home' });
    expect(await readFile(join(home, 'mine.txt'), 'utf8')).toBe('mine');
  });
});

describe('a home of another kind is refused with the reason', () => {
  test.each([
    ['newer', 'lakehouse-home 2\n', 'home.format_unsupported', 'newer version'],
    ['older', 'lakehouse-home 0\n', 'home.format_unsupported', 'No migration'],
    ['damaged', 'lakehouse-home one', 'home.format_unsupported', 'damaged'],
    ['empty', '', 'home.format_unsupported', 'damaged'],
    ['cut off', 'lakehouse-home 1', 'home.format_unsupported', 'damaged'],
  ])('%s', async (_, text, code, reason) => {
    await init();
    await writeFile(join(home, 'FORMAT'), text);
    const refusal = { code, detail: expect.stringContaining(reason) };
    await expect(serve()).rejects.toMatchObject(refusal);
    await expect(recoverKey({ home, environment: {} })).rejects.toMatchObject(refusal);
    expect(() => verifyHome({ home, environment: {} })).toThrow(expect.objectContaining(refusal));
  });

  test('no home at all', async () => {
    await mkdir(home);
    await expect(serve()).rejects.toMatchObject({ code: 'home.not_a_home' });
  });
});

describe('a lost administrator’s key', () => {
  test('is replaced by whoever owns the folder, and the journal tells of it', async () => {
    const lost = await init();
    const { adminKey } = await recoverKey({ home, environment: {}, flags: { 'log.level': 'silent' } });
    expect(adminKey).not.toBe(lost);
    await serve();
    expect((await api(adminKey, 'GET', '/access/me')).json.identity.role).toBe('admin');
    const { events } = (await api(adminKey, 'GET', '/journal/events?limit=100')).json;
    const found = events.filter((event: { operation: string }) => event.operation === 'system.recover');
    expect(found).toHaveLength(1);
    expect(JSON.stringify(found)).not.toContain(adminKey.split('_').at(-1));
    expect((await api(adminKey, 'POST', '/journal/verify', {})).json).toMatchObject({ valid: true });
  });

  test('is not replaced while a server runs on the home', async () => {
    await init();
    await serve();
    await expect(
      recoverKey({ home, environment: {}, flags: { 'log.level': 'silent' } }),
    ).rejects.toMatchObject({ code: 'metastore.home_in_use' });
    await expect(startServer({ home, environment: {}, flags: QUIET })).rejects.toMatchObject({
      code: 'metastore.home_in_use',
    });
  });
});

describe('without authentication', () => {
  const OFF = `${SMALL_ENGINE}[auth]\nenabled = false\n`;

  test('everyone on this machine is the administrator, and start-up says so', async () => {
    await init(OFF);
    const server = await serve();
    expect(server.notices.join(' ')).toContain('Authentication is OFF');
    expect((await api(null, 'GET', '/access/me')).status).toBe(200);
    const made = await api(null, 'POST', '/access/keys', { name: 'open', role: 'agent' });
    expect(made.status, made.text).toBe(201);
    const { events } = (await api(null, 'GET', '/journal/events?order=desc&limit=1')).json;
    expect(events[0]).toMatchObject({ action: 'key.created' });
    expect(events[0].identity.key_id).toBeNull();
  });

  test.each(['0.0.0.0', '192.0.2.1', '::', 'example.com'])(
    'no address but loopback is served: %s',
    async (host) => {
      await init(OFF);
      await expect(serve({ 'server.host': host })).rejects.toMatchObject({
        code: 'config.invalid',
        detail: expect.stringContaining('auth.enabled'),
      });
    },
  );
});
