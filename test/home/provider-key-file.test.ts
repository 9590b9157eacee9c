import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backup, initHome, startServer } from '../../src/main.ts';

const CONFIG = `
[engine]
processes = 1
small_processes = 0
[models.providers.inside]
kind = "anthropic"
api_key_file = "provider.key"
`;

let folder = '';
let home = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-key-file-'));
  home = join(folder, 'home');
  await initHome({ home });
  await writeFile(join(home, 'lakehouse.toml'), CONFIG);
  await writeFile(join(home, 'provider.key'), 'sk-canary\n', { mode: 0o600 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = () =>
  startServer({ home, environment: {}, flags: { 'server.port': 0, 'log.level': 'silent' } });

test('a server does not start while others can read the key of a provider (K-11)', async () => {
  await chmod(join(home, 'provider.key'), 0o644);
  await expect(start()).rejects.toMatchObject({
    code: 'models.provider_misconfigured',
    detail: expect.stringMatching(/^(?!.*sk-canary).*mode 0644.*chmod 600/),
  });
  await chmod(join(home, 'provider.key'), 0o600);
  await (await start()).close();
});

test('a backup holds the keys of the home as private as they were', async () => {
  const to = join(folder, 'copy');
  await backup({ home, environment: {}, to, onProgress: () => undefined });
  expect((await stat(join(to, 'provider.key'))).mode & 0o777).toBe(0o600);
});
