import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initHome } from '../../src/main.ts';
import { lakehouse } from '../harness/command-line.ts';

const shipped = (name: string) => fileURLToPath(new URL(`../../config/${name}`, import.meta.url));

describe('config check --home', () => {
  let folder = '';
  let home = '';
  const check = (...args: string[]) => lakehouse(['config', 'check', '--home', home, ...args]);
  const write = (name: string, text: string) => writeFile(join(home, name), text);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lakehouse-check-'));
    home = join(folder, 'home');
    await initHome({ home });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('says that it read no file where none was named', async () => {
    const { exitCode, stdout } = await lakehouse(['config', 'check']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('No file was read: --home or --file names one.');
  });

  it('names the files it found valid', async () => {
    const { exitCode, stdout } = await check();
    expect(exitCode).toBe(0);
    const files = ['truth.toml', 'access.toml', 'tools', 'observer.toml', 'routing.toml'];
    for (const name of files) expect(stdout).toContain(name);
    expect((await check('--json')).json).toMatchObject({ valid: true, files });
  });

  it.each([
    [
      'routing.toml',
      '[ladders.default]\nrungs = [{ provider = "openai", model = "m" }]\n\n[retries]\nmax_attemps = 2\n',
      { line: 5, key: 'retries.max_attemps', suggestion: 'max_attempts' },
    ],
    [
      'routing.toml',
      '[ladders.scrum]\nrungs = [{ provider = "openai", model = "m" }]\n[[rules]]\nname = "a"\nladder = "scum"\n',
      { line: 5, key: 'rules[0].ladder', suggestion: 'scrum' },
    ],
    [
      'truth.toml',
      '[[rules]]\nname = "a"\ntask_class = "chat"\nphase = "befor"\naction = "block"\nmessage = "No."\nwhen = { type = "Always" }\n',
      { line: 4, key: 'rules[0].phase', suggestion: 'before' },
    ],
    [
      'access.toml',
      '[roles.agent]\ngrant = []\n',
      { line: 2, key: 'roles.agent.grant', suggestion: 'grants' },
    ],
    [
      'observer.toml',
      '[[escalations]]\nname = "a"\nwhen = { kind = "k" }\ntimes = 2\nwithin_s = 9\nwithin = 9\n',
      { line: 6, key: 'escalations[0].within', suggestion: 'within_s' },
    ],
    ['lakehouse.toml', '[models]\nroutingfile = "x"\n', { line: 2, key: 'models.routingfile' }],
    [
      'access.toml',
      '[roles.a]\n[[row_filters]]\ndataset = "d"\nwhere = "region = = 1"\n',
      { line: 4, key: 'row_filters[0].where', message: expect.stringMatching(/^Character \d+: /) },
    ],
    [
      'tools/open_jobs.toml',
      'nam = "x"\n',
      { line: 1, key: 'nam', suggestion: 'name', file: 'open_jobs.toml' },
    ],
    [
      'tools/open_jobs.toml',
      `name = "open_jobs"\ndescription = "d"\nroles = []\nsql = "SELECT $regon"\n[parameters]\ntype = "object"\n[parameters.properties]\nregion = { type = "string" }\n`,
      { line: 4, key: 'sql', suggestion: 'region' },
    ],
    [
      'tools/open_jobs.toml',
      'name = "query"\ndescription = "d"\nroles = []\nsql = "SELECT 1"\n',
      { line: 1, key: 'name', message: 'This name is taken by a built-in tool.' },
    ],
    [
      'tools/open_jobs.toml',
      'name = "open_jobs"\ndescription = "d"\nroles = []\nsql = "DELETE FROM jobs"\n',
      { line: 4, key: 'sql' },
    ],
  ])('names line, key and suggestion of a mistake in %s', async (name, text, problem) => {
    await write(name, text);
    const { exitCode, stderr, stdout } = await check('--json');
    await copyFile(shipped(name), join(home, name));
    expect([exitCode, stdout]).toEqual([2, '']);
    const refusal = JSON.parse(stderr);
    expect(refusal.problems).toContainEqual(expect.objectContaining(problem));
    expect(refusal.detail).toContain(`${name.replace('tools/', '')}, line ${problem.line}: ${problem.key}`);
  });

  it('tells the mistakes of every file at once, by file', async () => {
    await write('truth.toml', '[[rules]]\n');
    await write('access.toml', 'role = {}\n');
    await write('routing.toml', 'rule = []\n');
    const { exitCode, stderr } = await check('--json');
    for (const name of ['truth.toml', 'access.toml', 'routing.toml'])
      await copyFile(shipped(name), join(home, name));
    expect(exitCode).toBe(2);
    const files = JSON.parse(stderr).problems.map(({ file }: { file: string }) => file);
    expect([...new Set(files)]).toEqual(['truth.toml', 'access.toml', 'routing.toml']);
  });

  it('refuses a catalogue that was changed by hand, and a file that is not there', async () => {
    await write('lakehouse.toml', '[models]\ncatalogue_file = "own.json"\nrouting_file = "own.toml"\n');
    const missing = await check();
    await write('own.json', '{"sources":[],"sha256":"0","models":{}}');
    const changed = await check();
    await copyFile(shipped('models.json'), join(home, 'own.json'));
    const unrouted = await check();
    await copyFile(shipped('lakehouse.toml'), join(home, 'lakehouse.toml'));
    expect([missing, changed, unrouted].map(({ exitCode }) => exitCode)).toEqual([2, 2, 2]);
    expect(missing.stderr).toContain('own.json cannot be read');
    expect(changed.stderr).toContain('its models are not those that its sha256 is of');
    expect(unrouted.stderr).toContain('own.toml cannot be read');
  });

  it('looks at one file alone where only that is given', async () => {
    const file = join(folder, 'alone.toml');
    await writeFile(file, '[models]\nrouting_file = "nowhere.toml"\n');
    const { exitCode, json } = await lakehouse(['config', 'check', '--file', file, '--json']);
    expect([exitCode, json.files]).toEqual([0, []]);
  });
});
