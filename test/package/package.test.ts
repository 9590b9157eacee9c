import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Packing compiles the sources; installing unpacks the engine and Node.js from npm's cache. */
const TIMEOUT_MS = 300_000;

describe('the packed package, installed in an empty folder', () => {
  let folder = '';
  const lakehouse = (...args: string[]) =>
    run(join(folder, 'node_modules/.bin/lakehouse'), args, { cwd: folder, timeout: 60_000 });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lakehouse-package-'));
    const packed = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT });
    const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
    expect(packed.stdout).toContain(tarball);
    await run('npm', ['init', '--yes'], { cwd: folder });
    const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
    await run('npm', ['install', ...options, `./${tarball}`], { cwd: folder });
  }, TIMEOUT_MS);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('holds the compiled program and its settings files, and no sources or tests', async () => {
    const files = await readdir(join(folder, 'node_modules/lakehouse'), { recursive: true });
    expect(files).toContain(join('dist', 'cli', 'lakehouse.js'));
    // Read at the start of a home that has none of its own; the licence goes with the catalogue made under it.
    const settings = [
      'access.toml',
      'lakehouse.toml',
      'models.LICENSE',
      'models.json',
      'routing.toml',
      'truth.toml',
    ];
    expect(files).toEqual(expect.arrayContaining(settings.map((name) => join('config', name))));
    expect(files.filter((file) => /(?:\.test\.|\.fixture\.|^src)/.test(file))).toEqual([]);
  });

  it('holds every file that its README and its pages link to', async () => {
    const root = join(folder, 'node_modules/lakehouse');
    const files = await readdir(root, { recursive: true });
    const pages = files.filter((file) => file.endsWith('.md') && !file.startsWith('node_modules'));
    expect(pages).toEqual(expect.arrayContaining(['README.md', join('docs', 'first-day.md')]));
    const dead: string[] = [];
    for (const page of pages) {
      const text = await readFile(join(root, page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        if (!existsSync(join(root, dirname(page), target))) dead.push(`${page}: ${target}`);
      }
    }
    expect(dead).toEqual([]);
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect((await lakehouse('--version')).stdout.trim()).toBe(version);
  });

  it('makes a home whose journal verifies', async () => {
    const home = join(folder, 'home');
    const made = JSON.parse((await lakehouse('init', '--home', home, '--json')).stdout);
    expect(made).toEqual({ home, admin_key: expect.stringMatching(/^lh_live_\w+$/) });
    const verified = await lakehouse('journal', 'verify', '--home', home, '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ valid: true });
  });
});
