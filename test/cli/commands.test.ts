import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lakehouse } from '../harness/command-line.ts';
import { startTestServer, type TestServer } from '../harness/server.ts';

const PEOPLE = `id,full_name,email,region,note
1,Mara Silva,mara@example.org,EMEA,plain
2,Omar Park,omar@example.org,APAC,"\u001b[31mred\u001b[0m"
3,Ines Holm,ines@example.org,EMEA,"line
break"
`;

const POLICY = `
[roles.analyst]
grants = [{ dataset = "people", actions = ["read"] }]

[[masks]]
tag = "pii.email"
method = "email"
except_roles = ["admin"]
`;

describe('the commands against a server', () => {
  let server: TestServer;
  let folder = '';
  const run = (...args: string[]) =>
    lakehouse(args, { environment: { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: server.adminKey } });

  beforeAll(async () => {
    server = await startTestServer();
    folder = await mkdtemp(join(tmpdir(), 'lakehouse-cli-'));
    await writeFile(join(folder, 'people.csv'), PEOPLE);
    await writeFile(join(folder, 'access.toml'), POLICY);
    const ingested = await run('ingest', join(folder, 'people.csv'));
    expect(ingested).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ingested.stdout).toMatch(/people: 3 rows, 5 columns/);
    expect(ingested.stdout).toMatch(/personal data: .*email \(pii\.email\)/);
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('says that the same file was loaded before', async () => {
    expect((await run('ingest', join(folder, 'people.csv'))).stdout).toMatch(/loaded before/);
  });

  it('says how many rows a file was appended to, and which columns it added, lacked or took away', async () => {
    const file = (name: string) => join(folder, name);
    await writeFile(file('stock.csv'), 'id,x\n1,a\n2,b\n');
    await writeFile(file('more.csv'), 'id,x,price\n3,c,1.5\n');
    await writeFile(file('other.csv'), 'id,price\n4,2.5\n');
    expect((await run('ingest', file('stock.csv'))).stdout).toMatch(/stock: 2 rows, 2 columns/);
    const appended = (await run('ingest', file('more.csv'), '--dataset', 'stock')).stdout;
    expect(appended).toMatch(/stock: 1 row appended to 2 existing rows, 3 columns/);
    expect(appended).toMatch(/columns added: price \(double\)/);
    await writeFile(file('fewer.csv'), 'id\n4\n');
    const lacking = (await run('ingest', file('fewer.csv'), '--dataset', 'stock')).stdout;
    expect(lacking).toMatch(
      /columns missing from the file, filled with null: x \(string\), price \(double\)/,
    );
    const options = ['--dataset', 'stock', '--mode', 'replace'];
    const replaced = JSON.parse((await run('ingest', file('other.csv'), ...options, '--json')).stdout);
    expect(replaced).toMatchObject({
      effect: 'replaced',
      rows_before: 4,
      column_changes: [{ kind: 'removed', column: 'x', from: 'string', to: null }],
    });
  });

  it('says what the server refuses in an input, in words for who typed it', async () => {
    const command = ['datasets', 'register', 'misdeclared', '--columns'];
    const refused = await run(...command, '[{"name": 5}]');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('/columns/0/name: must be a string, not a number');
    expect(refused.stderr).toContain('/columns/0/type: is missing; it must be a string');
  });

  it('says whether registering made a dataset or found it there', async () => {
    const register = ['datasets', 'register', 'declared', '--columns', '[{"name": "id", "type": "long"}]'];
    expect((await run(...register)).stdout).toMatch(/is registered/);
    expect((await run(...register)).stdout).toMatch(/was registered before; nothing changed/);
  });

  it('prints tables that no cell can disturb (K-14)', async () => {
    const { stdout } = await run('sql', 'SELECT * FROM people ORDER BY id');
    expect(stdout).toContain('\\x1b[31mred');
    expect(stdout).toContain('line\\nbreak');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toMatch(/3 rows · /);
  });

  it.each([
    [['--param', '2'], 'SELECT full_name FROM people WHERE id = $1', 'Omar Park'],
    [['--param', 'which=3'], 'SELECT full_name FROM people WHERE id = $which', 'Ines Holm'],
    [
      ['--param', 'EMEA', '--limit', '1'],
      'SELECT full_name FROM people WHERE region = $1 ORDER BY id',
      'Mara Silva',
    ],
  ])('binds %j', async (options, sql, expected) => {
    expect((await run('sql', sql, ...options, '--json')).json.rows[0].full_name).toBe(expected);
  });

  it('writes other formats to standard output or a file', async () => {
    const csv = await run('sql', 'SELECT id, region FROM people ORDER BY id', '--format', 'csv');
    expect(csv.stdout.split('\n')[0]).toContain('id');
    const target = join(folder, 'people.parquet');
    expect(
      (await run('sql', 'SELECT * FROM people', '--format', 'parquet', '--output', target)).exitCode,
    ).toBe(0);
    expect((await readFile(target)).subarray(0, 4).toString()).toBe('PAR1');
  });

  it('takes the form of a result from the ending of its file', async () => {
    const read = async (name: string) => {
      const args = ['sql', 'SELECT id, region FROM people ORDER BY id', '--output', join(folder, name)];
      expect(await run(...args)).toMatchObject({ exitCode: 0, stdout: '' });
      return readFile(join(folder, name));
    };
    expect(String(await read('out.CSV'))).toMatch(/^id,region\r?\n1,EMEA/);
    expect(String(await read('out.ndjson'))).toContain('{"id":1,"region":"EMEA"}');
    expect(JSON.parse(String(await read('out.json'))).row_count).toBe(3);
    expect((await read('out.parquet')).subarray(0, 4).toString()).toBe('PAR1');
    expect(String(await read('out.txt'))).toContain('│ EMEA');
  });

  it.each([[[]], [['--format', 'csv']]])('says of a file that cannot be written why, %j', async (format) => {
    const refused = await run('sql', 'SELECT 1', ...format, '--output', join(folder, 'none', 'x'));
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/cannot be written \(ENOENT\)/);
  });

  it('cuts no cell that a program reads', async () => {
    const { stdout } = await run('sql', "SELECT repeat('long', 60) AS text");
    expect(stdout).toContain('long'.repeat(60));
  });

  it('reads a statement from standard input, and runs several at the prompt', async () => {
    const environment = { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: server.adminKey };
    const piped = await lakehouse(['sql', '-', '--json'], { environment, stdin: 'SELECT 41 + 1 AS n;\n' });
    expect(piped.json.rows).toEqual([{ n: 42 }]);
  });

  it('points at the place of a syntax error', async () => {
    const { exitCode, stderr } = await run('sql', 'SELECT id\nFROM people\nWHER id = 1');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/WHER id = 1\n +\^/);
    expect(stderr).toContain('query.syntax');
  });

  it('applies a policy file, and shows the difference without applying it first', async () => {
    const file = join(folder, 'access.toml');
    const dry = await run('access', 'apply', file, '--dry-run');
    expect(dry.stdout).toMatch(/Nothing was changed \(dry run\)/);
    const applied = await run('access', 'apply', file);
    expect(applied.stdout).toMatch(/[~+] role analyst\n( {4}.*\n)* {4}\+ read on people\n/);
    const again = await run('access', 'policies', 'apply', file, '--json');
    expect(again.json.changed).toBe(false);
    const rebound = await run('access', 'apply', file, '--rebind', '--json');
    expect(rebound.json.version).toBe(again.json.version + 1);
  });

  it('lists the roles with what they are granted, and says what to do where there is none', async () => {
    const before = (await run('access', 'policies', 'get')).stdout;
    const file = join(folder, 'none.json');
    await writeFile(file, JSON.stringify({ roles: {}, masks: [], row_filters: [] }));
    await run('access', 'apply', file);
    const none = await run('access', 'roles');
    expect(none.stdout).toMatch(/admin .*everything/);
    expect(none.stdout).toContain('add [roles.NAME] to access.toml');
    const { version: _version, ...document } = JSON.parse(before);
    await writeFile(file, JSON.stringify(document));
    await run('access', 'apply', file);
    const listed = await run('access', 'roles');
    expect(listed.stdout).toMatch(/analyst .*people: read/);
    expect(listed.stdout).not.toContain('[roles.NAME]');
    const { roles } = (await run('access', 'roles', '--json')).json;
    expect(roles.map((role: { role: string }) => role.role)).toEqual(
      expect.arrayContaining(['admin', 'analyst']),
    );
  });

  it('holds the journal against a checkpoint that was kept, at the server and in the home', async () => {
    const file = join(folder, 'checkpoint.json');
    await writeFile(file, (await run('journal', 'checkpoint')).stdout);
    const atServer = await run('journal', 'verify', '--checkpoint', file);
    expect([atServer.exitCode, atServer.stdout]).toEqual([
      0,
      expect.stringContaining('that was kept checked'),
    ]);
    const inHome = await run('journal', 'verify', '--home', server.home, '--checkpoint', file, '--json');
    expect(inHome.json).toMatchObject({ valid: true, kept_checked: 1 });
    const other = await mkdtemp(join(tmpdir(), 'lakehouse-other-'));
    await rm(other, { recursive: true });
    await run('init', '--home', other);
    const elsewhere = await run('journal', 'verify', '--home', other, '--checkpoint', file);
    await rm(other, { recursive: true });
    expect([elsewhere.exitCode, elsewhere.stdout]).toEqual([1, expect.stringContaining('does not hold')]);
    await writeFile(file, '{"signed_text":"x"}');
    const none = await run('journal', 'verify', '--checkpoint', file);
    expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining('journal checkpoint')]);
  });

  it('takes no attribute of a key twice', async () => {
    const twice = ['--attribute', 'region=EMEA', '--attribute', 'region=APAC'];
    const { exitCode, stderr } = await run('keys', 'create', '--name', 'x', '--role', 'analyst', ...twice);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('region is given twice')]);
  });

  it('makes, lists, rotates and revokes keys', async () => {
    const made = (
      await run(
        'keys',
        'create',
        '--name',
        'ann',
        '--role',
        'analyst',
        '--attribute',
        'region=EMEA',
        '--json',
      )
    ).json;
    const as = (key: string, ...args: string[]) =>
      lakehouse(args, { environment: { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: key } });
    expect(
      (await as(made.key, 'sql', 'SELECT email FROM people WHERE id = 1', '--json')).json.rows[0].email,
    ).toBe('***@example.org');
    const me = await as(made.key, 'whoami');
    expect(me.stdout).toMatch(/people .*email/);
    expect((await as(made.key, 'keys', 'list')).exitCode).toBe(3);
    expect((await run('keys', 'list')).stdout).toContain(made.key_id);
    expect((await run('keys', 'list')).stdout).not.toContain(made.key);
    const rotated = (await run('keys', 'rotate', made.key_id, '--json')).json;
    expect((await as(rotated.key, 'whoami', '--json')).exitCode).toBe(0);
    expect((await run('keys', 'revoke', made.key_id)).exitCode).toBe(0);
    expect((await as(rotated.key, 'whoami')).exitCode).toBe(3);
  });

  it('says whether no key was sent or a wrong one', async () => {
    const none = await lakehouse(['whoami', '--url', server.url]);
    expect(none).toMatchObject({ exitCode: 3, stdout: '' });
    expect(none.stderr).toContain('No key was sent: set LAKEHOUSE_API_KEY');
    const environment = { LAKEHOUSE_API_KEY: 'lh_live_wrong' };
    const wrong = await lakehouse(['whoami', '--url', server.url, '--json'], { environment });
    expect(JSON.parse(wrong.stderr)).toMatchObject({
      code: 'access.unauthenticated',
      hint: expect.stringContaining('expired or revoked'),
    });
    expect(wrong.stderr).not.toContain('lh_live_wrong');
  });

  it('writes a delegation token to a file of its owner alone, which the agent then names', async () => {
    const agent = (await run('keys', 'create', '--name', 'matcher', '--role', 'agent', '--json')).json;
    const token = join(folder, 'token');
    await writeFile(token, 'older', { mode: 0o644 });
    const made = await run('access', 'delegate', '--agent', 'matcher', '--output', token, '--json');
    expect(made.json).toMatchObject({ agent: 'matcher' });
    expect(made.stdout).not.toContain('lhd_');
    expect((await stat(token)).mode & 0o777).toBe(0o600);
    expect(await readFile(token, 'utf8')).toMatch(/^lhd_\S+\n$/);
    await run('keys', 'revoke', agent.key_id);
  });

  it('says where the rows are that it set aside', async () => {
    await writeFile(join(folder, 'ragged.csv'), 'id,n\n1,2\n2,3\n3,4\n4\n');
    const { stdout } = await run('ingest', join(folder, 'ragged.csv'), '--on-error', 'quarantine');
    const id = /lakehouse ingests rejected (\S+)/.exec(stdout)?.[1] ?? '';
    expect((await server.api('GET', `/ingest/${id}/rejected`)).status).toBe(200);
  });

  it('names every row that does not fit, and what to do about it', async () => {
    await writeFile(join(folder, 'broken.csv'), 'id,n\n1,2\n2\n3,4,5\n');
    const { exitCode, stderr } = await run('ingest', join(folder, 'broken.csv'));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('line 3: 1 fields where the file has 2');
    expect(stderr).toContain('line 4: 3 fields where the file has 2');
    expect(stderr).toContain('set them aside with on_error=quarantine');
    const asJson = await run('sql', 'SELEC 1', '--json');
    expect(JSON.parse(asJson.stderr).remedy).toMatch(/^Correct the statement/);
  });

  it('reads a key from a file and never shows it', async () => {
    const file = join(folder, 'key');
    await writeFile(file, `${server.adminKey}\n`);
    const environment = { LAKEHOUSE_URL: server.url };
    const result = await lakehouse(['whoami', '--key-file', file], { environment });
    expect(result.exitCode).toBe(0);
    expect(result.stdout + result.stderr).not.toContain(server.adminKey);
    const wrong = await lakehouse(['whoami', '--json'], {
      environment: { ...environment, LAKEHOUSE_API_KEY: 'lh_live_x' },
    });
    expect(wrong.exitCode).toBe(3);
    expect(wrong.stderr).not.toContain('lh_live_x');
  });

  it.each([
    [['status'], /ready +yes/],
    [['datasets', 'list'], /people/],
    [['datasets', 'describe', 'people'], /email .*VARCHAR/],
    [['datasets', 'snapshots', 'people'], /current/],
    [['datasets', 'tag', 'people', '--owner', 'ann'], /Changed: /],
    [['access', 'explain', 'people', '--role', 'analyst'], /allowed to read people/],
    [['access', 'audit', '--limit', '5'], /access\./],
    [['journal', 'events'], /dataset\.ingested/],
    [['journal', 'stats'], /events ever created/],
    [['journal', 'verify'], /the journal holds/],
    [['journal', 'checkpoint'], /signature/],
    [['truth', 'rules'], /ingest-empty-file/],
    [['truth', 'evaluate', 'ingest', '--phase', 'after', '--context', '{"row_count":0}'], /block/],
    [['access', 'policies', 'get'], /"roles"/],
  ])('%j prints what people read, and JSON', async (args, expected) => {
    const result = await run(...args);
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stdout).toMatch(expected);
    if (!['checkpoint', 'get'].includes(args.at(-1) ?? '')) {
      expect((await run(...args, '--json')).json).toBeTypeOf('object');
    }
  });

  it('proves by probes that nothing is open, and leaves no live key behind', async () => {
    const { exitCode, json } = await run('doctor', '--json');
    expect(json.holes).toEqual([]);
    expect(exitCode).toBe(0);
    type Examined = {
      operation: string;
      access: string;
      steps: { no_grant: { verdict: string; seen: string } };
    };
    const unproven = (json.operations as Examined[]).filter(
      ({ access, steps }) => access === 'demands' && steps.no_grant.verdict !== 'holds',
    );
    // This home has no provider: there is no model to be refused.
    expect(unproven.every(({ steps }) => steps.no_grant.seen.startsWith('not configured'))).toBe(true);
    expect(unproven.map(({ operation }) => operation)).toEqual([
      'models.chat',
      'models.chat_completions',
      'models.count_tokens',
      'models.embeddings',
      'models.messages',
    ]);
    const { keys } = (await run('keys', 'list', '--json')).json;
    const live = keys.filter((key: { status: string; name: string }) => key.status === 'live');
    expect(live.map((key: { name: string }) => key.name)).toEqual(['admin']);
  });

  it('deletes a dataset, and then answers like for one that never was', async () => {
    expect((await run('datasets', 'delete', 'people')).exitCode).toBe(0);
    expect((await run('sql', 'SELECT * FROM people')).exitCode).toBe(1);
  });
});
