import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ANSWER,
  finish,
  LADDER,
  NO_SUGGESTIONS,
  packed,
  rowsOf,
  type ScrumServer,
  says,
  sendFile,
  start,
  startScrumServer,
} from './scrum-server.ts';

// an iteration from its start to its publication, over the scripted provider.

let lake: ScrumServer;
beforeAll(async () => {
  lake = await startScrumServer();
});
afterAll(() => lake.close());

const GUARD = packed('src/guard.ts', 'export const guard = () => check();\n', [
  { path: 'src/check.ts', text: 'export const check = () => true;\n' },
]);
const CLEAN = packed('src/clean.ts', 'export const two = 2;\n');

test('an iteration is started, its files reviewed, finished, and its rows are governed datasets', async () => {
  const begun = await start(lake, [GUARD, CLEAN]);
  expect(begun.json).toMatchObject({
    number: 1,
    state: 'running',
    continued: false,
    reusable: [],
    findings: [],
  });
  expect(begun.status).toBe(201);
  const id = begun.json.iteration_id;

  lake.upstream.script(says(ANSWER), NO_SUGGESTIONS);
  const reviewed = await sendFile(lake, id, GUARD);
  expect(reviewed.json).toMatchObject({
    reviewed: true,
    row: { path: 'src/guard.ts', verdict: 'needs_work', score: 4, model: LADDER[0], rung: 0, attempts: 2 },
    findings: [{ rule: 'scrum/ignored-result', symbol: 'guard', line: 1, state: 'new', evidence: 'model' }],
    attempts: [
      { pass: 'blind', outcome: 'accepted' },
      { pass: 'directed', outcome: 'accepted' },
    ],
  });
  expect(reviewed.status).toBe(201);

  expect((await finish(lake, id)).json).toMatchObject({
    code: 'scrum.iteration_incomplete',
    missing: ['src/clean.ts'],
  });

  lake.upstream.script(
    says({
      ...ANSWER,
      verdict: 'sound',
      score: 9,
      critical_failures: [],
      verified_components: [{ line: 1, claim: 'Two is two.' }],
    }),
  );
  expect((await sendFile(lake, id, CLEAN)).json).toMatchObject({
    row: { verdict: 'sound', score: 9, attempts: 1 },
  });

  const finished = await finish(lake, id);
  expect(finished.json).toMatchObject({ state: 'finished', reviews: 2, findings: 1, attempts: 3 });
  expect(finished.json.journal_event_id).not.toBeNull();
  const again = await finish(lake, id);
  expect(again.json).toMatchObject({
    state: 'finished',
    reviews: 2,
    findings: 1,
    attempts: 3,
    journal_event_id: null,
  });
  const counts =
    'SELECT (SELECT count(*) FROM kb.reviews) AS r, (SELECT count(*) FROM kb.findings) AS f, (SELECT count(*) FROM kb.attempts) AS a';
  expect(await rowsOf(lake, counts)).toMatchObject([{ r: 2, f: 1, a: 3 }]);
  const [row] = await rowsOf(lake, "SELECT * FROM kb.reviews WHERE path = 'src/guard.ts'");
  expect(row).toMatchObject({
    schema_version: 4,
    iteration: 1,
    score: 4,
    journal_event_id: reviewed.json.journal_event_id,
  });
});

test('reports, movement and the plan read what was published', async () => {
  const [first] = (await lake.server.api('GET', '/scrum/iterations')).json.iterations;
  const second = await start(lake, [
    { ...GUARD, chunks: [{ text: 'export const guard = () => !check();\n', first_line: 1 }] },
    CLEAN,
  ]);
  expect(second.json).toMatchObject({
    number: 2,
    reusable: [{ path: 'src/clean.ts' }],
    findings: [{ path: 'src/guard.ts', rule: 'scrum/ignored-result', state: 'new' }],
  });
  const id = second.json.iteration_id;
  lake.upstream.script(says({ ...ANSWER, score: 5 }), NO_SUGGESTIONS);
  const sent = await sendFile(lake, id, {
    ...GUARD,
    chunks: [{ text: 'export const guard = () => !check();\n', first_line: 1 }],
  });
  expect(sent.json).toMatchObject({ row: { score: 5 }, findings: [{ state: 'recurring' }] });
  expect((await finish(lake, id)).json).toMatchObject({ reviews: 2 });
  const report = await lake.server.api('GET', `/scrum/iterations/${id}/report`);
  expect(report.json).toMatchObject({
    iteration: { number: 2, files_total: 2, files_done: 2, files_reused: 1 },
    compared_with: { number: 1 },
    movement: { paired_files: 2, risen: 1, unchanged: 1 },
  });
  const diff = await lake.server.api('GET', `/scrum/diff?from=${first.iteration_id}&to=${id}`);
  expect(diff.json).toMatchObject({ movement: { from: 1, to: 2 } });
  const plan = await lake.server.api('GET', `/scrum/iterations/${id}/plan`);
  expect(plan.json.wave.findings).toMatchObject([{ level: 'high', path: 'src/guard.ts' }]);
  expect(plan.json.markdown).toContain('src/guard.ts');
});
