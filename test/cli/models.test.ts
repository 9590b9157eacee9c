import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lakehouse } from '../harness/command-line.ts';
import { type ModelServer, ROUTING, startModelServer } from '../harness/model-server.ts';
import { startTestServer } from '../harness/server.ts';
import { PLAIN_TEXT, reply } from '../support/scripted-provider/scripted-reply.ts';

const POLICY = {
  roles: {
    analyst: { grants: [{ dataset: 'people', actions: ['read'] }], models: ['openai/*'], permissions: [] },
    stranger: { grants: [], models: [] },
    reviewer: { grants: [], permissions: ['truth.review'] },
  },
  masks: [{ tag: 'pii.email', method: 'email', except_roles: ['admin'] }],
  row_filters: [],
};

const TRUTH = `
[[rules]]
name = "looked-at"
task_class = "chat.letter"
phase = "after"
action = "require-review"
message = "A person reads letters before they go out."
when = { type = "Always" }
`;

const RULES = `
[[rules]]
name = "letters-stay-here"
when = { task = "letter" }
to = "openai/gpt-scripted"
`;

let models: ModelServer;
const keys = new Map<string, string>();
const run = (as: string, args: readonly string[], stdin?: string) =>
  lakehouse(args, {
    environment: { LAKEHOUSE_URL: models.server.url, LAKEHOUSE_API_KEY: keys.get(as) ?? '' },
    ...(stdin === undefined ? {} : { stdin }),
  });

beforeAll(async () => {
  models = await startModelServer({ policy: POLICY, truth: TRUTH, routing: `${RULES}${ROUTING}` });
  const { server } = models;
  keys.set('admin', server.adminKey);
  for (const role of ['analyst', 'stranger', 'reviewer']) keys.set(role, (await server.key(role)).key);
  await server.api('POST', '/ingest/file?dataset=people', {
    body: 'id,full_name,email\n1,Mara Silva,mara@example.org\n2,Omar Park,omar@example.org\n',
  });
});
afterAll(() => models.close());

describe('lakehouse chat', () => {
  it('prints the answer alone to standard output, and what it was given, from whom and for how much beside it', async () => {
    const sql = 'SELECT id, email FROM people ORDER BY id';
    const { exitCode, stdout, stderr } = await run('analyst', ['chat', 'Who?', '--context-sql', sql]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toBe(`${PLAIN_TEXT}\n`);
    expect(stderr).toMatch(/^\[1\] 2 rows of people@\d+ · masked: .*email/m);
    expect(stderr).toMatch(/^openai\/gpt-scripted · 20 \(4 cached\) → 12 tokens · \$0\.000044$/m);
    const sent = JSON.stringify(models.upstream.received.at(-1)?.body);
    expect(sent).toContain('***@example.org');
    expect(sent).not.toContain('mara@example.org');
  });

  it('reads the prompt from standard input, and prints one object with --json', async () => {
    const args = ['chat', '--system', 'Be brief.', '--max-output-tokens', '9', '--json'];
    const { json, exitCode } = await run('analyst', args, 'A question over\ntwo lines');
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({ text: PLAIN_TEXT, model: 'openai/gpt-scripted', finish: 'stop' });
    expect(models.upstream.received.at(-1)?.body).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'A question over\ntwo lines' },
      ],
    });
    expect(JSON.stringify(models.upstream.received.at(-1)?.body)).toContain('_tokens":9');
  });

  it('shows no control character of an answer (K-14), and what fell before another model answered', async () => {
    models.upstream.script(reply({ status: 500 }), reply({ text: 'a\u001b[31mred\nb\tc', usage: null }));
    const { stdout, stderr } = await run('admin', ['chat', 'Hello', '--ladder', 'fallback']);
    expect(stdout).toBe('a\\x1b[31mred\nb\tc\n');
    expect(stderr).toMatch(/^! openai\/scripted\/failing did not answer: server_error$/m);
    expect(stderr).toMatch(/^anthropic\/claude-scripted · /m);
  });

  it('says of an answer that broke off that it is not whole', async () => {
    const { exitCode, stderr } = await run('admin', ['chat', 'Hello', '--model', 'openai/scripted/reset']);
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toMatch(/models\.cut_off|cli\.answer_cut/);
  });

  it.each([
    [['chat', 'x', '--model', 'a', '--ladder', 'b'], '', 2, /exclude each other/],
    [['chat'], ' \n', 2, /There is no prompt/],
    [['chat', 'x', '--model', 'zzz'], '', 1, /models\.unknown_model/],
  ] as const)('%j ends with a reason', async (args, stdin, exitCode, reason) => {
    const result = await run('admin', args, stdin);
    expect(result.exitCode, result.stderr).toBe(exitCode);
    expect(result.stderr).toMatch(reason);
  });
});

describe('models, usage and routes', () => {
  it('lists what may be used', async () => {
    const { stdout, exitCode } = await run('admin', ['models']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/model +│ +window +│ max output │ billing │ capabilities/);
    expect((await run('admin', ['models', '--json'])).json.object).toBe('list');
    expect((await run('admin', ['models', 'no-such'])).stdout).toMatch(/None of .* has this in its name/);
  });

  it('says that a grant is missing where one is', async () => {
    const { stdout } = await run('stranger', ['models']);
    expect(stdout).toMatch(/Your role is granted none of the configured models/);
  });

  it('says how to name a model where no provider tells which it has', async () => {
    const { upstream } = models;
    const server = await startTestServer({
      routing: ROUTING.replaceAll('openai', 'house'),
      config:
        '[models.providers.house]\nkind = "openai-compatible"\n' +
        `base_url = "${upstream.url}/has-no-list"\nallow_private_addresses = true\n`,
    });
    try {
      const environment = { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: server.adminKey };
      const { stdout, exitCode } = await lakehouse(['models'], { environment });
      expect(exitCode).toBe(0);
      expect(stdout).toContain('No provider says which models it has');
      expect(stdout).toContain('lakehouse chat --model house/gpt-scripted');
    } finally {
      await server.close();
    }
  });

  it('adds up what calls used', async () => {
    await run('analyst', ['chat', 'Hello']);
    const shown = await run('admin', ['usage', '--by', 'identity,model', '--since', '1h']);
    expect(shown.exitCode, shown.stderr).toBe(0);
    expect(shown.stdout).toMatch(/identity +│ model +│ +calls │ errors │ cut │/);
    expect(shown.stdout).toMatch(/analyst +│ openai\/gpt-\S+ +│/);
    expect(shown.stdout).toMatch(/\d+ calls · \$0\.\d+ · /);
    const { groups } = (await run('admin', ['usage', '--by', 'total', '--json'])).json;
    expect(groups).toHaveLength(1);
    const before = await run('admin', ['usage', '--since', '2020-01-01', '--until', '2020-01-02']);
    expect(before.stdout).toMatch(/No model was called in this time/);
    expect((await run('admin', ['usage', '--since', 'soon'])).exitCode).toBe(2);
    expect((await run('analyst', ['usage'])).exitCode).toBe(3);
  });

  it('explains which rule wins, what was skipped and why, and what is not granted', async () => {
    const ruled = await run('admin', ['route', 'explain', '--task', 'letter', '--model', 'claude-x']);
    expect(ruled.stdout).toMatch(/decided by +rule "letters-stay-here"/);
    expect(ruled.stdout).toMatch(/1 │ openai\/gpt-scripted +│ metered +│ +1,000 │ +\$0\.003 │ yes/);
    const skipped = await run('admin', [
      ...['route', 'explain', '--ladder', 'fallback', '--need', 'prefill', '--json'],
    ]);
    expect(skipped.json.considered).toContainEqual(
      expect.objectContaining({ considered: 'openai/scripted/failing', outcome: 'skipped' }),
    );
    const ungranted = await run('analyst', ['route', 'explain', '--ladder', 'fallback']);
    expect(ungranted.stdout).toMatch(/not granted anthropic\/claude-scripted/);
    const refused = await run('admin', ['route', 'explain', '--model', 'nobody/nothing']);
    expect(refused.stdout).toMatch(/worst cost +nothing would be called/);
  });

  it('shows how the providers do', async () => {
    const { stdout, exitCode } = await run('admin', ['route', 'health']);
    expect(exitCode).toBe(0);
    for (const provider of ['openai', 'anthropic', 'ollama']) expect(stdout).toContain(provider);
    expect(stdout).toMatch(/windows and prices: /);
    expect((await run('admin', ['route', 'health', '--json'])).json.providers).toHaveLength(3);
  });
});

describe('lakehouse reviews', () => {
  it('lists, shows and decides with a reason', async () => {
    expect((await run('reviewer', ['reviews', 'list'])).stdout).toMatch(/No answer is waiting for a review/);
    const held = await run('analyst', ['chat', 'Write a letter', '--task', 'letter']);
    expect(held.exitCode).toBe(1);
    expect(held.stdout).toBe('');
    const id = /review ([0-9a-f-]{36})/.exec(held.stderr)?.[1] ?? '';
    expect(id, held.stderr).not.toBe('');
    expect((await run('reviewer', ['reviews', 'list'])).stdout).toMatch(/analyst .*looked-at/);
    const shown = await run('reviewer', ['reviews', 'show', id]);
    expect(shown.stdout).toContain('scripted provider');
    expect((await run('reviewer', ['reviews', 'approve', id])).exitCode).toBe(2);
    expect((await run('analyst', ['reviews', 'list'])).exitCode).toBe(3);
    const approved = await run('reviewer', ['reviews', 'approve', id, '--reason', 'read it']);
    expect(approved.stdout).toContain(`GET /truth/reviews/${id}/answer`);
    expect((await run('reviewer', ['reviews', 'reject', id, '--reason', 'late'])).exitCode).toBe(1);
    const { reviews } = (await run('reviewer', ['reviews', 'list', '--state', 'approved', '--json'])).json;
    expect(reviews).toMatchObject([{ review_id: id, decided_by: 'reviewer', reason: 'read it' }]);
    const second = await run('analyst', ['chat', 'Another', '--task', 'letter', '--json']);
    const other = JSON.parse(second.stderr).review_id;
    expect((await run('reviewer', ['reviews', 'reject', other, '--reason', 'wrong'])).exitCode).toBe(0);
    expect((await run('reviewer', ['reviews', 'show', other])).stdout).toContain('its content is erased');
  });
});

describe('where no provider is configured', () => {
  it('names the lines to add, and ends with its own exit code', async () => {
    const server = await startTestServer();
    try {
      const environment = { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: server.adminKey };
      const lines =
        /\[models\.providers\.openai\]\nkind = "openai-compatible"\napi_key_env = "OPENAI_API_KEY"/;
      const asked = await lakehouse(['chat', 'Hello'], { environment });
      expect(asked).toMatchObject({ exitCode: 4, stdout: '' });
      expect(asked.stderr).toMatch(lines);
      expect(asked.stderr).toContain('models.no_provider');
      const listed = await lakehouse(['models'], { environment });
      expect(listed.exitCode).toBe(0);
      expect(listed.stdout).toMatch(lines);
      expect((await lakehouse(['route', 'health'], { environment })).stdout).toMatch(
        /No provider is configured/,
      );
      expect((await lakehouse(['usage'], { environment })).stdout).toMatch(/No model was called/);
    } finally {
      await server.close();
    }
  });
});
