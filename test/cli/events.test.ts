import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lakehouse } from '../harness/command-line.ts';
import { startTestServer, type TestServer } from '../harness/server.ts';

let server: TestServer;
let folder = '';
beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-events-'));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) =>
  lakehouse(args, { environment: { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: server.adminKey } });

/** Records in the three shapes that exports have had; every text that could be a prompt or an answer is a canary. */
const GENERATION = {
  id: 'obs-1',
  traceId: 'trace-1',
  type: 'GENERATION',
  name: 'match-candidates',
  startTime: '2026-03-01T10:00:00.000Z',
  endTime: '2026-03-01T10:00:01.500Z',
  model: 'gpt-4o-mini',
  usageDetails: { input: 120, output: 30, total: 150 },
  costDetails: { total: 0.0021 },
  level: 'DEFAULT',
  input: [{ role: 'user', content: 'canary prompt' }],
  output: 'canary answer',
  metadata: { note: 'canary metadata' },
};
const FAILED = {
  id: 'obs-2',
  traceId: 'trace-1',
  type: 'SPAN',
  name: 'rerank',
  startTime: '2026-03-01T10:00:02.000Z',
  parentObservationId: 'obs-1',
  usage: { input: 5, output: 0 },
  calculatedTotalCost: '0.5',
  latency: 2.25,
  level: 'ERROR',
  statusMessage: 'canary status',
};
const TRACE = {
  id: 'trace-1',
  timestamp: '2026-03-01T10:00:00.000Z',
  name: 'match',
  userId: 'canary user',
  input: 'canary trace input',
  totalCost: 0.5021,
};

test('a Langfuse export becomes events, once, without prompts and answers', async () => {
  const file = join(folder, 'export.jsonl');
  const lines = [GENERATION, FAILED, TRACE, { nothing: 'of ours' }].map((record) => JSON.stringify(record));
  await writeFile(file, `${lines.join('\n')}\n\n`);
  const first = await run('events', 'import', file);
  expect(first).toMatchObject({ exitCode: 0, stderr: '' });
  expect(first.stdout).toBe('3 events recorded of 4 records, 1 neither trace nor observation\n');
  const again = await run('events', 'import', file, '--json');
  expect(again.json).toEqual({ records: 4, accepted: 0, duplicate: 3, skipped: 1 });
  const { text, json } = await server.api('GET', '/events?source=langfuse');
  expect(text).not.toContain('canary');
  const [trace, span, generation] = json.events;
  expect(generation).toMatchObject({
    kind: 'generation',
    severity: 'info',
    external_id: 'obs-1',
    correlation_id: 'trace-1',
    time: '2026-03-01T10:00:00.000Z',
    message: 'match-candidates',
    data: {
      model: 'gpt-4o-mini',
      ...{ input_tokens: 120, output_tokens: 30, total_tokens: 150, cost_usd: 0.0021, latency_ms: 1_500 },
    },
  });
  expect(span).toMatchObject({
    kind: 'span',
    severity: 'error',
    signature: 'langfuse:span:rerank:',
    data: { parent_id: 'obs-1', input_tokens: 5, output_tokens: 0, cost_usd: 0.5, latency_ms: 2_250 },
  });
  expect(trace).toMatchObject({ kind: 'trace', correlation_id: 'trace-1', data: { cost_usd: 0.5021 } });
});

test('prompts and answers come along when asked for, cut to what an event holds', async () => {
  const file = join(folder, 'traces.json');
  const huge = {
    ...GENERATION,
    id: 'obs-huge',
    input: '\u0001'.repeat(50_000),
    output: 'é'.repeat(50_000),
    statusMessage: 'canary '.repeat(9_000),
  };
  await writeFile(file, JSON.stringify({ data: [{ ...TRACE, id: 'trace-9', observations: [huge] }] }));
  const { json } = await run('events', 'import', file, '--with-content', '--json');
  expect(json).toEqual({ records: 2, accepted: 2, duplicate: 0, skipped: 0 });
  const { events } = (await server.api('GET', '/events?source=langfuse&kind=generation&limit=1')).json;
  expect(events[0].data.output).toMatch(/^é{2000,}$/);
  expect(events[0].data.status_message).toMatch(/^canary /);
  expect(events[0].data.input.length).toBeGreaterThan(500);
});

test.each([
  ['a file that is not there', 'absent.jsonl', null, /There is no file/],
  ['a line that is not JSON', 'broken.jsonl', '{"id":"a"}\n{"id":', /line 2/],
])('%s ends the import with the place', async (_, name, content, message) => {
  if (content !== null) await writeFile(join(folder, name), content);
  const { exitCode, stderr } = await run('events', 'import', join(folder, name));
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(message);
});

test('an event is sent, listed, followed and counted; no text disturbs the terminal (K-14)', async () => {
  const following = run('events', 'tail', '--source', 'ci', '--limit', '2');
  const followers = async () =>
    (await server.api('GET', '/access/audit?operation=observer.stream')).json.rows.length;
  await expect.poll(followers).toBeGreaterThan(0);
  const data = '{"build": 12}';
  const message = '\u001b[31mBuild 12 failed\u001b[0m';
  const args = ['--severity', 'error', '--signature', 'build:main', '--message', message, '--data', data];
  expect((await run('events', 'send', 'ci', 'build.failed', ...args)).stdout).toMatch(
    /^[0-9a-f-]{36} recorded\n$/,
  );
  const once = ['events', 'send', 'ci', 'build.passed', '--external-id', 'b-13'];
  expect((await run(...once)).stdout).toMatch(/recorded/);
  expect((await run(...once)).stdout).toMatch(/was there already/);
  const tailed = await following;
  expect(tailed.exitCode).toBe(0);
  expect(tailed.stdout.split('\n')).toHaveLength(3);
  expect(tailed.stdout).toMatch(/error\s+ci build\.failed .*Build 12 failed/);
  const listed = await run('events', 'list', '--source', 'ci', '--min-severity', 'error');
  expect(listed.stdout).toMatch(/build\.failed/);
  expect(listed.stdout).not.toMatch(/build\.passed/);
  expect(tailed.stdout + listed.stdout).not.toContain('\u001b');
  expect((await run('events', 'stats')).stdout).toMatch(/events kept\s+\d+/);
  expect((await run('events', 'stats', '--json')).json.by_source.ci).toBe(2);
  expect((await run('events', 'send', 'ci', 'x', '--data', '{')).exitCode).toBe(2);
});
