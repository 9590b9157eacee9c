import { chmod, chown, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backup, initHome, restore, startServer } from '../../src/main.ts';
import { lakehouse } from '../harness/command-line.ts';

let folder = '';
let home = '';
const keyFile = () => join(home, 'keys', 'api-key.hmac');
const start = () =>
  startServer({ home, environment: {}, flags: { 'server.port': 0, 'log.level': 'silent' } });
const quiet = { environment: {}, onProgress: () => undefined };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-exposed-'));
  home = join(folder, 'home');
  await initHome({ home });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a server does not start while others can use a key file of the home, and says the chmod (K-11)', async () => {
  for (const mode of [0o604, 0o640, 0o620]) {
    await chmod(keyFile(), mode);
    await expect(start()).rejects.toMatchObject({ code: 'home.keys_exposed' });
  }
  await chmod(join(home, 'keys', 'checkpoint.ed25519'), 0o644);
  const served = await lakehouse(['serve', '--home', home, '--port', '0', '--json']);
  expect(served.exitCode).toBe(2);
  expect(JSON.parse(served.stderr).detail).toMatch(
    /keys\/api-key\.hmac .* mode 0620, .*chmod 600 keys\/api-key\.hmac keys\/checkpoint\.ed25519$/,
  );
  await chmod(keyFile(), 0o600);
  await chmod(join(home, 'keys', 'checkpoint.ed25519'), 0o400);
  await (await start()).close();
});

test('a key file of another owner is theirs to give out, as a mounted secret is', async () => {
  await chown(keyFile(), 12_345, process.getgid?.() ?? 0);
  await chmod(keyFile(), 0o640);
  const server = await start();
  expect((await fetch(`${server.url}/ready`)).status).toBe(200);
  await server.close();
  await chown(keyFile(), process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  await chmod(keyFile(), 0o600);
});

test('backup and restore make every file its owner’s alone, whatever it was', async () => {
  const copy = join(folder, 'copy');
  const again = join(folder, 'again');
  await chmod(join(home, 'lakehouse.toml'), 0o644);
  await backup({ ...quiet, home, to: copy });
  const modes = async (root: string) => {
    const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((one) =>
      one.isFile(),
    );
    const found = await Promise.all(
      files
        .filter((file) => !file.name.startsWith('lakehouse.db'))
        .map(async (file) => (await stat(join(file.parentPath, file.name))).mode & 0o777),
    );
    return [...new Set(found)];
  };
  expect(await modes(copy)).toEqual([0o600]);
  await chmod(join(copy, 'keys', 'api-key.hmac'), 0o755);
  await restore({ ...quiet, home: again, from: copy });
  expect(await modes(again)).toEqual([0o600]);
});
