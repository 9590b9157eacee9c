import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lakehouse } from '../harness/command-line.ts';
import { startTestServer, type TestServer } from '../harness/server.ts';
import { prepareAgency } from '../tools/agency.ts';

let server: TestServer;
let key = '';
const run = (args: readonly string[], options: { key?: string; stdin?: string } = {}) =>
  lakehouse(args, {
    environment: { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: options.key ?? key },
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
  });
beforeAll(async () => {
  server = await startTestServer();
  await prepareAgency(server);
  key = (await server.key('recruiter', { region: 'EMEA' })).key;
});
afterAll(() => server.close());

describe('lakehouse tools', () => {
  it('lists the tools of the key, with what each takes', async () => {
    const { stdout, exitCode } = await run(['tools', 'list']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/candidate_by_id +│ candidate_id: integer/);
    expect(stdout).toContain('skill?: string');
    const { json } = await run(['tools', 'list', '--json']);
    expect(json.tools).toHaveLength(4);
  });

  it('says that no tool is granted where none is', async () => {
    const outsider = (await server.key('outsider')).key;
    expect((await run(['tools', 'list'], { key: outsider })).stdout).toContain('No tool is granted to you.');
  });

  it('calls one, its arguments turned into the types it asks for', async () => {
    const { stdout } = await run(['tools', 'call', 'find_candidates', 'skill=java', 'min_years=5']);
    expect(stdout).toMatch(/1 +│ Mara Lindqvist +│ Java +│ +12/);
    expect(stdout).toContain('1 row · ');
    const { json } = await run(['tools', 'call', 'candidate_by_id', 'candidate_id=1', '--json']);
    expect(json).toMatchObject({
      tool: 'candidate_by_id',
      row_count: 1,
      masked_columns: ['candidates.salary'],
    });
    expect((await run(['tools', 'call', 'find_candidates', 'skill=a=b'])).stdout).toContain('0 rows');
  });

  it('shows every mistake of the arguments', async () => {
    const { stderr, exitCode } = await run([
      'tools',
      'call',
      'find_candidates',
      'skil=java',
      'min_years=many',
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('/arguments/min_years: must be a whole number, not a string');
    expect(stderr).toContain('Did you mean skill?');
    const without = await run(['tools', 'call', 'candidate_by_id']);
    expect(without.stderr).toContain('/arguments/candidate_id: is missing; it must be a whole number');
    expect(await run(['tools', 'call', 'find_candidates', 'java'])).toMatchObject({ exitCode: 2 });
    const unknown = await run(['tools', 'call', 'find_nobody', 'skill=java']);
    expect(unknown.stderr).toContain('door.tool_not_found');
  });

  it('reloads the files, for administrators', async () => {
    const { stdout } = await run(['tools', 'reload'], { key: server.adminKey });
    expect(stdout).toContain('4 tools are in force, unchanged.');
    expect((await run(['tools', 'reload'])).exitCode).toBe(3);
  });
});

describe('lakehouse mcp', () => {
  const line = (id: number, method: string, params: unknown = {}) =>
    JSON.stringify({ jsonrpc: '2.0', id, method, params });

  it('answers each message of its input, skips what is none, and ends with the input', async () => {
    const { stdout, stderr, exitCode } = await run(['mcp'], {
      stdin: `${line(1, 'ping')}\nnot json\n${line(2, 'tools/list')}\n`,
    });
    expect(exitCode).toBe(0);
    const answers = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(answers.map(({ id }) => id).sort()).toEqual([1, 2]);
    expect(answers.find(({ id }) => id === 2).result.tools.length).toBe(8);
    expect(stderr).toContain('no JSON-RPC message');
  });

  it('answers a request that the server refuses with its code, and one that nobody answers', async () => {
    const refused = await run(['mcp'], { key: 'lh_live_AAAAAAAAAAAA_wrong', stdin: `${line(1, 'ping')}\n` });
    expect(JSON.parse(refused.stdout)).toMatchObject({
      id: 1,
      error: { message: expect.stringContaining('access.unauthenticated'), data: { status: 401 } },
    });
    const nobody = await lakehouse(['mcp'], {
      environment: { LAKEHOUSE_URL: 'http://127.0.0.1:1', LAKEHOUSE_API_KEY: key },
      stdin: `${line(1, 'ping')}\n`,
    });
    expect(JSON.parse(nobody.stdout)).toMatchObject({ error: { data: { code: 'cli.unreachable' } } });
  });

  it('does not answer a request that its client cancelled', async () => {
    const slow = line(1, 'tools/call', {
      name: 'query',
      arguments: {
        sql: 'SELECT count(*) FROM range(100000) AS a(x), range(1000000) AS b(y) WHERE x + y = 3',
      },
    });
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    const { stdout } = await run(['mcp'], {
      stdin: `${slow}\n${JSON.stringify(cancelled)}\n${line(2, 'ping')}\n`,
    });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text).id),
    ).toEqual([2]);
  });
});
