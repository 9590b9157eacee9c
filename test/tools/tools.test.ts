import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';
import { auditOf, prepareAgency } from './agency.ts';

const CHATTY = `
name = "say"
description = "Says back what it is given."
roles = ["analyst"]
sql = "SELECT $text AS said"

[parameters]
required = ["text"]

[parameters.properties.text]
type = "string"
maxLength = 1000
`;

const WIDE = `
name = "wide"
description = "More than a model can hold."
roles = ["analyst"]
limit = 1000
sql = "SELECT repeat('x', 20000) AS x FROM range(1000)"
`;

const TRUTH = `
[[rules]]
name = "no-second-thoughts"
task_class = "tool.say"
phase = "before"
action = "block"
message = "That is not said here."
when = { type = "FieldEquals", field = "arguments.text", value = "blocked word" }

[[rules]]
name = "many-rows"
task_class = "tool"
phase = "after"
action = "flag"
message = "Many rows."
when = { type = "FieldGreater", field = "row_count", value = 2 }

[[rules]]
name = "names-read"
task_class = "tool"
phase = "after"
action = "block"
message = "Phones are not read by tools."
when = { type = "FieldIn", field = "columns.3", values = ["phone"] }
`;

let server: TestServer;
let analyst: string;
let recruiter: string;
beforeAll(async () => {
  server = await startTestServer({ truth: TRUTH, tools: { 'say.toml': CHATTY, 'wide.toml': WIDE } });
  await prepareAgency(server);
  analyst = (await server.key('analyst')).key;
  recruiter = (await server.key('recruiter', { region: 'EMEA' })).key;
});
afterAll(() => server.close());

const call = (name: string, given: unknown, key = analyst) =>
  server.api('POST', `/tools/${name}/call`, { key, json: { arguments: given } });

describe('tools over HTTP', () => {
  test('are listed to who may call them, with the schema of their arguments', async () => {
    const names = async (key: string) =>
      (await server.api('GET', '/tools', { key })).json.tools.map(({ name }: { name: string }) => name);
    expect(await names(recruiter)).toEqual([
      'candidate_by_id',
      'find_candidates',
      'open_jobs',
      'placements_of_job',
    ]);
    expect(await names(analyst)).toContain('say');
    expect(await names(server.adminKey)).toContain('say');
    expect(await names((await server.key('outsider')).key)).toEqual([]);
    const { tools } = (await server.api('GET', '/tools', { key: recruiter })).json;
    expect(tools[0].parameters).toMatchObject({
      type: 'object',
      required: ['candidate_id'],
      additionalProperties: false,
    });
  });

  test('answer each caller with their own rows and masks, and the administrator with all', async () => {
    const ids = (answer: Awaited<ReturnType<typeof call>>) =>
      answer.json.rows.map((row: { id: number }) => row.id);
    const forAnalyst = await call('find_candidates', {});
    expect(ids(forAnalyst)).toEqual([3, 1, 4, 2, 5]);
    expect(forAnalyst.json).toMatchObject({
      tool: 'find_candidates',
      row_count: 5,
      masked_columns: ['candidates.full_name'],
      truncated: false,
    });
    const forRecruiter = await call('find_candidates', {}, recruiter);
    expect(ids(forRecruiter)).toEqual([1, 2, 5]);
    expect(forRecruiter.json.rows[0].full_name).toBe('Mara Lindqvist');
    const placed = await call('placements_of_job', { job_id: 1 }, recruiter);
    expect(placed.json.rows.map((row: { candidate_id: number }) => row.candidate_id)).toEqual([1]);
    expect((await call('placements_of_job', { job_id: 1 }, server.adminKey)).json.row_count).toBe(2);
    expect((await call('open_jobs', { region: 'apac' })).json.rows).toMatchObject([{ title: 'Ward nurse' }]);
  });

  test('leave a row in the audit for the call and for its query, under one request', async () => {
    const answer = await call('find_candidates', { skill: 'java' });
    const rows = await auditOf(server, answer.headers.get('x-request-id'));
    expect(rows.map((row) => [row.operation, row.door, row.row_count])).toEqual([
      ['query.sql', 'internal', 3],
      ['tools.call', 'http', 3],
    ]);
    expect(rows[1]).toMatchObject({
      statement: { sql: 'tool find_candidates', parameters_json: '{"skill":"java"}' },
      truth: [{ rule: 'many-rows', action: 'flag' }],
    });
    expect(rows[1]?.latency_ms).toBeGreaterThanOrEqual(rows[0]?.latency_ms ?? Number.POSITIVE_INFINITY);
  });

  test('that are not granted answer like ones that do not exist, to the administrator too', async () => {
    const hidden = await call('say', { text: 1 }, recruiter);
    const missing = await call('sax', { text: 1 }, recruiter);
    expect(hidden).toMatchObject({ status: 404, json: { code: 'door.tool_not_found' } });
    const same = ({ text, json }: typeof hidden) => text.replaceAll('sax', 'say').replace(json.instance, '');
    expect(same(missing)).toBe(same(hidden));
    expect(await call('sax', {}, server.adminKey)).toMatchObject({ status: 404 });
    const [row] = await auditOf(server, hidden.headers.get('x-request-id'));
    expect(row).toMatchObject({ operation: 'tools.call', decision: 'denied', code: 'door.tool_not_found' });
  });

  test('lend no right: a granted tool over a dataset that is not, is refused', async () => {
    const agent = (await server.key('agent')).key;
    expect(await call('open_jobs', {}, agent)).toMatchObject({
      status: 404,
      json: { code: 'door.dataset_not_found' },
    });
  });

  test('name every mistake in their arguments at once', async () => {
    const answer = await call('find_candidates', { skil: 'x', min_years: -1, max_years: '3' });
    expect(answer).toMatchObject({ status: 400, json: { code: 'tools.arguments_invalid' } });
    expect(answer.json.errors).toEqual([
      { pointer: '/arguments/min_years', detail: 'must be at least 0' },
      { pointer: '/arguments/max_years', detail: 'must be a whole number, not a string' },
      { pointer: '/arguments/skil', detail: expect.stringContaining('Did you mean skill?') },
    ]);
    expect((await call('candidate_by_id', {})).json.errors).toEqual([
      { pointer: '/arguments/candidate_id', detail: 'is missing; it must be a whole number' },
    ]);
    expect(await server.api('POST', '/tools/say/call', { key: analyst, json: { text: 'x' } })).toMatchObject({
      status: 400,
      json: { code: 'door.invalid_input' },
    });
  });

  test('are judged by truth before and after, by tool and by arguments', async () => {
    expect(await call('say', { text: 'blocked word' })).toMatchObject({
      status: 422,
      json: { code: 'door.truth_blocked', detail: 'That is not said here.' },
    });
    expect(await call('say', { text: 'another word' })).toMatchObject({ status: 200 });
    const after = await call('candidate_by_id', { candidate_id: 1 });
    expect(after.json).toMatchObject({ code: 'door.truth_blocked', detail: 'Phones are not read by tools.' });
  });

  test('are refused where their result is more than they may answer', async () => {
    expect(await call('wide', {})).toMatchObject({ status: 413, json: { code: 'tools.result_too_large' } });
  });

  test('bind arguments and never paste them', async () => {
    const everything = (await call('find_candidates', {})).json.row_count;
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.constantFrom(
        "' OR 1=1 --",
        "java') OR true OR contains('",
        '$region',
        '$$; SELECT 1; $$',
        '"; DROP TABLE candidates; --',
        '%',
        '_',
        '\\',
        "'' UNION SELECT * FROM placements",
        '/* */',
        '\u0000',
      ),
    );
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`seed ${seed}`);
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const said = await call('say', { text });
        // A lone surrogate is no text that UTF-8 can carry, and NUL none that the engine can.
        if (said.status === 200) expect(said.json.rows).toEqual([{ said: text.toWellFormed() }]);
        else expect(said.status).toBe(400);
        const found = await call('find_candidates', { skill: text.slice(0, 100) });
        const matches = found.json.rows?.every((row: { skill: string }) =>
          row.skill.toLowerCase().includes(text.toLowerCase()),
        );
        expect(found.status === 200 ? matches : found.status === 400).toBe(true);
        if (text !== '') expect(found.json.row_count ?? 0).toBeLessThanOrEqual(everything);
      }),
      { seed, numRuns: 40, endOnFailure: true },
    );
  });
});

describe('tool files', () => {
  const file = () => join(server.home, 'tools', 'say.toml');
  const events = async (action: string) =>
    (await server.api('GET', `/journal/events?action=${action}`)).json.events;

  test('are read again on demand, journaled, and a mistake changes nothing', async () => {
    const text = await readFile(file(), 'utf8');
    await writeFile(file(), text.replace('$text AS said', '$texd AS said'));
    const refused = await server.api('POST', '/tools/reload');
    expect(refused).toMatchObject({ status: 400, json: { code: 'tools.definitions_invalid' } });
    expect(refused.json.detail).toContain('say.toml, line 5: sql: The parameter $texd is not declared.');
    expect(refused.json.detail).toContain('Did you mean "text"?');
    expect(await call('say', { text: 'still' })).toMatchObject({ status: 200 });
    await writeFile(file(), text);
    const twin = join(server.home, 'tools', 'twin.toml');
    await writeFile(twin, text);
    const twice = await server.api('POST', '/tools/reload');
    await rm(twin);
    expect(twice).toMatchObject({ status: 400, json: { code: 'tools.definitions_invalid' } });
    expect(twice.json.detail).toMatch(/^twin\.toml, line \d: name: A tool of another file has this name\.$/);
    await writeFile(file(), text.replaceAll('name = "say"', 'name = "repeat_it"'));
    const reloaded = await server.api('POST', '/tools/reload');
    expect(reloaded.json).toMatchObject({ changed: true, tool_count: 6 });
    expect(await call('say', { text: 'x' })).toMatchObject({ status: 404 });
    expect(await call('repeat_it', { text: 'x' })).toMatchObject({ status: 200 });
    const [event] = (await events('tools.reloaded')).slice(-1);
    expect(event.data).toMatchObject({ added: ['repeat_it'], removed: ['say'] });
    expect((await server.api('POST', '/tools/reload')).json).toMatchObject({
      changed: false,
      journal_event_id: null,
    });
    expect(await server.api('POST', '/tools/reload', { key: analyst })).toMatchObject({ status: 403 });
  });

  test('edited while no server runs are journaled at the next start, and a mistake refuses it', async () => {
    const text = await readFile(file(), 'utf8');
    const before = (await events('tools.loaded')).length;
    await server.restart();
    expect(await events('tools.loaded')).toHaveLength(before);
    await writeFile(file(), text.replace('Says back', 'Repeats'));
    await server.restart();
    expect(await events('tools.loaded')).toHaveLength(before + 1);
    await writeFile(file(), text.replace('roles =', 'role ='));
    await expect(server.restart()).rejects.toMatchObject({
      code: 'tools.definitions_invalid',
      detail: expect.stringMatching(/say\.toml, line 4: role: Unknown key\. Did you mean "roles"\?/),
    });
    await rm(join(server.home, 'tools'), { recursive: true });
    await server.restart();
    expect((await server.api('GET', '/tools')).json.tools).toEqual([]);
    const { events_checked, valid } = (await server.api('POST', '/journal/verify', { json: {} })).json;
    expect(valid, String(events_checked)).toBe(true);
  });
});
