import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import {
  ANSWER,
  COMMIT,
  finish,
  NO_SUGGESTIONS,
  packed,
  rowsOf,
  type ScrumServer,
  says,
  sendFile,
  start,
  startScrumServer,
} from './scrum-server.ts';

// Iterations as objects whose state survives: continued, abandoned, refused, published once.

let lake: ScrumServer | null = null;
afterEach(async () => {
  await lake?.close();
  lake = null;
});

const ONE = packed('src/one.ts', 'export const guard = () => check();\n');
const TWO = packed('src/two.ts', 'export const two = 2;\n', [{ path: 'src/one.ts', text: 'export {};\n' }]);
const SOUND = says({
  ...{ verdict: 'sound', score: 9, confidence: 0.9, critical_failures: [], missing_components: [] },
  verified_components: [{ line: 1, claim: 'Holds.' }],
});
/** Truth that lets nothing into a dataset. */
const blocking = (dataset: string) =>
  `[[rules]]\nname = "no-${dataset.replace('.', '-')}"\ntask_class = "ingest"\nphase = "before"\naction = "block"\n` +
  `message = "The test wants it so."\nwhen = { type = "FieldEquals", field = "dataset", value = "${dataset}" }\n`;
const counted = (server: ScrumServer) =>
  rowsOf(
    server,
    'SELECT (SELECT count(*) FROM kb.reviews) AS reviews, (SELECT count(*) FROM kb.findings) AS findings, (SELECT count(*) FROM kb.attempts) AS attempts',
  );

test('an unfinished iteration goes on after a restart, over the files as they are now', async () => {
  const server = await startScrumServer();
  lake = server;
  const begun = await start(server, [ONE, TWO]);
  const id = begun.json.iteration_id;
  server.upstream.script(SOUND, SOUND);
  await sendFile(server, id, ONE);
  await sendFile(server, id, TWO);
  await server.server.restart();

  const again = await start(server, [ONE, TWO]);
  expect(again.status).toBe(200);
  expect(again.json).toMatchObject({ iteration_id: id, continued: true, journal_event_id: null });
  expect(again.json.reusable).toHaveLength(2);
  // A fix in a neighbour opens the file again, and no other.
  const fixed = { ...TWO, neighbours: [{ path: 'src/one.ts', text: 'export const fixed = 1;\n' }] };
  const changed = await start(server, [ONE, fixed]);
  expect(changed.json).toMatchObject({ iteration_id: id, reusable: [{ path: 'src/one.ts' }] });
  const asked = server.upstream.received.length;
  expect((await sendFile(server, id, ONE)).json).toMatchObject({ reviewed: false, row: { score: 9 } });
  expect(server.upstream.received.length).toBe(asked);
  expect((await sendFile(server, id, TWO)).json).toMatchObject({
    status: 409,
    code: 'scrum.file_not_declared',
  });
  server.upstream.script(SOUND);
  expect((await sendFile(server, id, fixed)).json).toMatchObject({ reviewed: true });

  const one = await server.server.api('GET', `/scrum/iterations/${id}?rows=true`);
  expect(one.json).toMatchObject({
    iteration: { state: 'running', files_total: 2, files_done: 2, no_verdict: 0 },
    rows: [{ path: 'src/one.ts' }, { path: 'src/two.ts' }],
  });
});

test('a fresh one abandons the unfinished one, which takes nothing more', async () => {
  const server = await startScrumServer();
  lake = server;
  const first = (await start(server, [ONE])).json;
  const second = await start(server, [ONE], { fresh: true });
  expect(second.json).toMatchObject({ number: 2, continued: false, reusable: [] });
  expect((await sendFile(server, first.iteration_id, ONE)).json).toMatchObject({
    code: 'scrum.iteration_closed',
  });
  expect((await finish(server, first.iteration_id)).json).toMatchObject({ code: 'scrum.iteration_closed' });
  const { iterations } = (await server.server.api('GET', '/scrum/iterations?repository=team/project')).json;
  expect(iterations.map(({ number, state }: Record<string, unknown>) => [number, state])).toEqual([
    [2, 'running'],
    [1, 'abandoned'],
  ]);
  const report = await server.server.api('GET', `/scrum/iterations/${second.json.iteration_id}/report`);
  expect(report.json).toMatchObject({ status: 409, code: 'scrum.iteration_unfinished' });
});

test('two requests for one file make one row, and the same Idempotency-Key gives the same answer', async () => {
  const server = await startScrumServer();
  lake = server;
  const id = (await start(server, [ONE, TWO])).json.iteration_id;
  server.upstream.answerBy(() => SOUND);
  const both = await Promise.all([sendFile(server, id, ONE), sendFile(server, id, ONE)]);
  expect(both.map(({ json }) => json.reviewed).sort()).toEqual([false, true]);
  expect(both[0]?.json.row).toEqual(both[1]?.json.row);
  const headers = { 'idempotency-key': 'file-two' };
  const [sent, replayed] = [
    await sendFile(server, id, TWO, {}, { headers }),
    await sendFile(server, id, TWO, {}, { headers }),
  ];
  expect(replayed.json).toEqual(sent.json);
  expect(server.upstream.received).toHaveLength(3);
});

test('a ceiling that is reached stops the file with its own error, and nothing is recorded as a verdict', async () => {
  const server = await startScrumServer({
    ceilings: '[[ceilings]]\nname = "reviews"\nwhen = { task = "scrum" }\nrequests_per_hour = 1\n',
  });
  lake = server;
  const id = (await start(server, [ONE, TWO])).json.iteration_id;
  server.upstream.script(SOUND);
  expect((await sendFile(server, id, ONE)).status).toBe(201);
  const refused = await sendFile(server, id, TWO);
  expect(refused.json).toMatchObject({ status: 402, code: 'budget.exhausted', ceiling: 'reviews' });
  const { json } = await server.server.api('GET', `/scrum/iterations/${id}?rows=true`);
  expect(json).toMatchObject({ iteration: { files_done: 1, no_verdict: 0 }, rows: [{ path: 'src/one.ts' }] });
  expect((await finish(server, id)).json).toMatchObject({ code: 'scrum.iteration_incomplete' });
});

test('publishing that broke off half way is finished once, and finishing at once is finishing once', async () => {
  const server = await startScrumServer({ truth: blocking('kb.attempts') });
  lake = server;
  const id = (await start(server, [ONE, TWO])).json.iteration_id;
  server.upstream.script(says(ANSWER), NO_SUGGESTIONS, SOUND);
  await sendFile(server, id, ONE);
  await sendFile(server, id, TWO);
  expect((await finish(server, id)).json).toMatchObject({ code: 'door.truth_blocked' });
  expect(await counted(server)).toMatchObject([{ reviews: 2, findings: 1, attempts: 0 }]);
  expect((await server.server.api('GET', `/scrum/iterations/${id}`)).json.iteration.state).toBe('running');

  await server.server.restartWith(() => writeFile(join(server.server.home, 'truth.toml'), 'rules = []\n'));
  const all = await Promise.all([finish(server, id), finish(server, id), finish(server, id)]);
  expect(all.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(all.filter(({ json }) => json.journal_event_id !== null)).toHaveLength(1);
  expect(await counted(server)).toMatchObject([{ reviews: 2, findings: 1, attempts: 3 }]);
});

test('an iteration whose publication broke off is ended by the next start, and takes no other rows', async () => {
  const server = await startScrumServer({ truth: blocking('kb.attempts') });
  lake = server;
  const id = (await start(server, [ONE, TWO])).json.iteration_id;
  server.upstream.script(SOUND, SOUND);
  await sendFile(server, id, ONE);
  await sendFile(server, id, TWO);
  expect((await finish(server, id)).json).toMatchObject({ code: 'door.truth_blocked' });
  await server.server.restartWith(() => writeFile(join(server.server.home, 'truth.toml'), 'rules = []\n'));
  const changed = packed('src/two.ts', 'export const two = 3;\n');
  const next = await start(server, [ONE, changed]);
  expect(next.json).toMatchObject({ number: 2, continued: false, reusable: [{ path: 'src/one.ts' }] });
  expect(await counted(server)).toMatchObject([{ reviews: 2, findings: 0, attempts: 2 }]);
  expect((await server.server.api('GET', `/scrum/iterations/${id}`)).json.iteration.state).toBe('finished');
});

test('an agent of the shipped policy runs the loop; a reader without the permissions does nothing', async () => {
  const server = await startScrumServer();
  lake = server;
  const { key } = await server.server.key('agent');
  const id = (await start(server, [ONE], {}, { key })).json.iteration_id;
  server.upstream.script(says(ANSWER), NO_SUGGESTIONS);
  expect((await sendFile(server, id, ONE, {}, { key })).status).toBe(201);
  expect((await finish(server, id, { key })).status).toBe(200);
  expect((await server.server.api('GET', `/scrum/iterations/${id}/report`, { key })).status).toBe(200);
  expect(
    (await start(server, [ONE], { commit: COMMIT.replace('a', 'b') }, { key })).json.reusable,
  ).toHaveLength(1);
  const override = {
    repository: 'team/project',
    path: 'src/one.ts',
    tier: 'auto',
    reason: 'I say so.',
    expires_at: '2099-01-01T00:00:00Z',
  };
  expect((await server.server.api('POST', '/scrum/overrides', { key, json: override })).status).toBe(403);

  const { key: reader } = await server.server.key('analyst');
  expect((await start(server, [ONE], {}, { key: reader })).status).toBe(403);
  expect((await server.server.api('GET', '/scrum/iterations', { key: reader })).status).toBe(403);
});

test('with an observer that can record nothing no review fails, and once it can the events are there', async () => {
  const server = await startScrumServer();
  lake = server;
  const id = (await start(server, [ONE, TWO])).json.iteration_id;
  const store = new DatabaseSync(join(server.server.home, 'store', 'lakehouse.db'));
  store.exec(
    "CREATE TRIGGER no_events BEFORE INSERT ON observer_events BEGIN SELECT RAISE(ABORT, 'no'); END",
  );
  server.upstream.script(SOUND, says('?'), says('?'), says('?'));
  expect((await sendFile(server, id, ONE)).status).toBe(201);
  expect((await sendFile(server, id, TWO)).json.row.verdict).toBe('no_verdict');
  expect((await finish(server, id)).status).toBe(200);
  store.exec('DROP TRIGGER no_events');
  store.close();
  const events = async () =>
    (await server.server.api('GET', `/events?source=scrum&correlation_id=${id}`)).json.events;
  await expect.poll(async () => (await events()).length).toBe(3);
  expect((await events()).map(({ kind, severity }: Record<string, unknown>) => [kind, severity])).toEqual([
    ['iteration_finished', 'info'],
    ['no_verdict', 'warn'],
    ['file_reviewed', 'info'],
  ]);
}, 60_000);
