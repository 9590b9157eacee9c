import { afterEach, expect, test } from 'vitest';
import { sha256Hex } from '../../src/base/index.ts';
import type { ReceivedRequest } from '../support/scripted-provider/scripted-provider.ts';
import type { ScriptedReply } from '../support/scripted-provider/scripted-reply.ts';
import {
  ANSWER,
  COMMIT,
  finish,
  LADDER,
  packed,
  rowsOf,
  type ScrumServer,
  says,
  sendFile,
  start,
  startScrumServer,
} from './scrum-server.ts';

// trust is made of what models do with planted defects, and everything that reads trust changes with it.

const servers: ScrumServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
async function startServer(options: Parameters<typeof startScrumServer>[0] = {}): Promise<ScrumServer> {
  const server = await startScrumServer(options);
  servers.push(server);
  return server;
}

const DEFECT = [{ first_line: 3, last_line: 3 }];
const SOURCE = (name: string, condition: string) =>
  `import { timingSafeEqual } from 'node:crypto';\nexport function ${name}(a: string, b: string): boolean {\n  return ${condition};\n}\n`;
const defect = (name: string) => ({
  ...packed(`src/${name}.ts`, SOURCE(name, 'a === b')),
  changed: DEFECT,
  planted: { rule: 'unsafe-compare', symbol: name },
});
const control = (name: string) => ({
  ...packed(`src/${name}-control.ts`, SOURCE(name, 'timingSafeEqual(a, b)')),
  changed: DEFECT,
  planted: null,
});
type Case = ReturnType<typeof defect> | ReturnType<typeof control>;

function calibrationOf(cases: readonly Case[], more: Record<string, unknown> = {}) {
  const plan_sha256 = sha256Hex(JSON.stringify(cases));
  return { repository: 'team/project', commit: COMMIT, cases: cases.length, plan_sha256, ...more };
}

const readCase = ({ server }: ScrumServer, calibration: object, one: Case) =>
  server.api('POST', '/scrum/calibrations', { json: { ...calibration, ...one } });
const publish = ({ server }: ScrumServer, calibration: object) =>
  server.api('POST', '/scrum/calibrations/finish', { json: calibration });

async function calibrate(lake: ScrumServer, cases: readonly Case[], more: Record<string, unknown> = {}) {
  const calibration = calibrationOf(cases, more);
  const read = [];
  for (const one of cases) {
    const answer = await readCase(lake, calibration, one);
    if (answer.status !== 201) throw new Error(answer.text);
    read.push(answer.json);
  }
  const published = await publish(lake, calibration);
  if (published.status !== 200) throw new Error(published.text);
  return { calibration, read, published: published.json };
}

const messageOf = ({ body }: ReceivedRequest) => JSON.stringify(body.messages);
const clean = { ...ANSWER, verdict: 'sound', score: 9, critical_failures: [] };
const PRAISE = { ...clean, verified_components: [{ line: 1, claim: 'It is well made.' }] };
const citing = (line: number, symbol = '') => ({
  ...ANSWER,
  critical_failures: [{ kind: 'unsafe-compare', symbol, line, claim: 'The secret is compared too fast.' }],
});
/** Reads, and finds what is there. */
const attentive = (request: ReceivedRequest): ScriptedReply =>
  says(messageOf(request).includes('a === b') ? citing(3) : PRAISE);

const FOUR = ['one', 'two', 'three', 'four'].map(defect);
const FOUR_CLEAN = ['one', 'two', 'three', 'four'].map(control);

test('each model reads a case once and blind; what it cites is caught, missed, a false alarm or neither', async () => {
  const lake = await startServer();
  lake.upstream.answerBy((request) => {
    switch (String(request.body.model)) {
      case 'gpt-scripted':
        return says(messageOf(request).includes('a === b') ? citing(1, 'one') : PRAISE);
      case 'claude-scripted':
        return says(citing(3));
      default:
        return says('Looks good to me!');
    }
  });
  const { read, published, calibration } = await calibrate(lake, [defect('one'), control('one')]);
  const outcomes = read.map(({ readings }) => readings.map((one: { outcome: string }) => one.outcome));
  expect(outcomes).toEqual([
    ['caught', 'caught', 'unparsable'],
    ['cleared', 'false_alarm', 'unparsable'],
  ]);
  expect(published).toMatchObject({ cases: 2, published: true });
  expect(published.models).toMatchObject([
    { model: LADDER[0], caught: 1, missed: 0, false_alarms: 0, cleared: 1, unread: 0 },
    { model: LADDER[1], caught: 1, missed: 0, false_alarms: 1, cleared: 0, unread: 0 },
    { model: LADDER[2], caught: 0, missed: 0, false_alarms: 0, cleared: 0, unread: 2 },
  ]);
  const columns = 'model, pass, outcome, output_format, input_tokens, cost_usd, repository, path';
  const rows = await rowsOf(lake, `SELECT ${columns} FROM kb.attempts ORDER BY path, model DESC`);
  expect(rows.map(({ model, pass, outcome }) => [model, pass, outcome])).toEqual([
    [LADDER[0], 'blind', 'accepted'],
    [LADDER[2], 'blind', 'unparsable'],
    [LADDER[1], 'calibration', 'false_alarm'],
    [LADDER[0], 'calibration', 'caught'],
    [LADDER[2], 'blind', 'unparsable'],
    [LADDER[1], 'calibration', 'caught'],
  ]);
  expect(rows[3]).toMatchObject({ output_format: 'json', repository: 'team/project', path: 'src/one.ts' });
  expect(Number(rows[3]?.input_tokens)).toBeGreaterThan(0);
  expect(Number(rows[3]?.cost_usd)).toBeGreaterThan(0);

  // The same words as a review’s, and nothing of what is known of the case.
  const asked = lake.upstream.received.filter(({ path }) => path === '/v1/chat/completions');
  const begun = await start(lake, [packed('src/one.ts', SOURCE('one', 'a === b'))]);
  await sendFile(lake, begun.json.iteration_id, packed('src/one.ts', SOURCE('one', 'a === b')));
  const review = lake.upstream.received.filter(({ path }) => path === '/v1/chat/completions')[asked.length];
  const unframed = (request: ReceivedRequest | undefined) =>
    request === undefined ? '' : JSON.stringify(request.body).replaceAll(/[0-9a-f]{32}/g, 'WORD');
  expect(unframed(asked[0])).toBe(unframed(review));
  expect(unframed(asked[0])).not.toMatch(/planted|calibrat|unsafe-compare/);

  const events = async (action: string) =>
    (await lake.server.api('GET', `/journal/events?action=${action}`)).json.events;
  expect(await events('scrum.case_read')).toHaveLength(2);
  expect(await events('scrum.calibration_published')).toHaveLength(1);
  expect(JSON.stringify(await events('scrum.case_read'))).not.toContain('timingSafeEqual');
  const told = async () =>
    (await lake.server.api('GET', '/events?source=scrum')).json.events.map(
      (one: { kind: string }) => one.kind,
    );
  await expect.poll(told).toEqual(expect.arrayContaining(['case_read', 'calibration_published']));

  const again = await publish(lake, calibration);
  expect(again.json).toMatchObject({ published: false, journal_event_id: null, models: published.models });
});

test('a case that was read is not asked again, and a calibration counts once however often it is run', async () => {
  const lake = await startServer();
  lake.upstream.answerBy(attentive);
  const cases = [defect('one'), control('one')];
  const { read, published } = await calibrate(lake, cases);
  const asked = lake.upstream.received.length;
  const calibration = calibrationOf(cases);
  const again = await readCase(lake, calibration, defect('one'));
  expect(again.json).toMatchObject({ read: false, readings: read[0].readings });
  expect((await publish(lake, calibration)).json).toMatchObject({
    published: false,
    models: published.models,
  });
  expect(lake.upstream.received).toHaveLength(asked);
  const count = 'SELECT count(*) AS rows FROM kb.attempts';
  expect(await rowsOf(lake, count)).toEqual([{ rows: 6 }]);

  const more = await readCase(lake, calibration, defect('two'));
  expect(more.json).toMatchObject({ status: 409, code: 'scrum.calibration_full' });
  const half = calibrationOf(cases, { commit: 'b'.repeat(40) });
  await readCase(lake, half, defect('one'));
  expect((await publish(lake, half)).json).toMatchObject({
    status: 409,
    code: 'scrum.calibration_incomplete',
  });
  expect(await rowsOf(lake, count)).toEqual([{ rows: 6 }]);
  const nowhere = { ...defect('three'), changed: [{ first_line: 3, last_line: 99 }] };
  expect((await readCase(lake, calibrationOf([nowhere]), nowhere)).json).toMatchObject({
    status: 400,
    code: 'scrum.planted_nowhere',
  });
});

test('a ceiling that is reached refuses a case, and no row is made of it', async () => {
  const ceilings = '[[ceilings]]\nname = "reviews"\nwhen = { task = "scrum" }\nrequests_per_hour = 4\n';
  const lake = await startServer({ ceilings });
  lake.upstream.answerBy(attentive);
  const calibration = calibrationOf([defect('one'), control('one')]);
  expect((await readCase(lake, calibration, defect('one'))).status).toBe(201);
  expect((await readCase(lake, calibration, control('one'))).json).toMatchObject({
    status: 402,
    code: 'budget.exhausted',
  });
  expect((await publish(lake, calibration)).json).toMatchObject({ code: 'scrum.calibration_incomplete' });
});

const FILE = packed('src/level.ts', 'export const level = () => check();\n');
const REACH = { blast_radius: { importers: 0, route_exposed: false } };

/** Reads the file anew and publishes; answers the report. */
async function iterate(lake: ScrumServer, text: string) {
  const file = packed(FILE.path, text);
  const begun = await start(lake, [file], { fresh: true });
  const sent = await sendFile(lake, begun.json.iteration_id, file, REACH);
  await finish(lake, begun.json.iteration_id);
  const report = await lake.server.api('GET', `/scrum/iterations/${begun.json.iteration_id}/report`);
  return { tier: sent.json.row.gradient_tier, report: report.json };
}

test('a model that finds what was planted is trusted more, and files and movements are judged by it', async () => {
  const lake = await startServer();
  const reading = (request: ReceivedRequest) =>
    messageOf(request).includes('level')
      ? says(messageOf(request).includes('<<<findings') ? { suggestions: [] } : citing(1, 'level'))
      : attentive(request);
  lake.upstream.answerBy(reading);
  const first = await iterate(lake, 'export const level = () => check(1);\n');
  expect(first.tier).toBe('sim');
  const second = await iterate(lake, 'export const level = () => check(2);\n');
  expect(second.report.movement.paired).toMatchObject([{ class: 'LOOPING', confidence: 0.5 }]);

  const { published } = await calibrate(lake, [
    ...FOUR,
    ...FOUR_CLEAN,
    ...['five', 'six', 'seven', 'eight'].map(defect),
  ]);
  const [model] = published.models;
  expect(model).toMatchObject({ model: LADDER[0], caught: 8, missed: 0, before: { confidence: 0.5 } });
  expect(model.after.trust).toBeGreaterThan(model.before.trust);
  expect(model.after.confidence).toBeCloseTo(9 / 10);

  // Nothing is asked of a file that is as it was, and what may be done with it is decided anew.
  const asked = lake.upstream.received.length;
  const kept = await iterate(lake, 'export const level = () => check(2);\n');
  expect(lake.upstream.received).toHaveLength(asked);
  expect(kept.tier).toBe('dry_run');
  expect(kept.report.gradient).toMatchObject([{ path: FILE.path, tier: 'dry_run' }]);

  const third = await iterate(lake, 'export const level = () => check(3);\n');
  expect(third.tier).toBe('dry_run');
  expect(third.report.movement.paired[0].confidence).toBeCloseTo(0.9);
  expect(third.report.gradient).toMatchObject([{ path: FILE.path, tier: 'dry_run' }]);
  expect(third.report.trust.find((one: { model: string }) => one.model === LADDER[0])).toMatchObject({
    caught: 8,
    missed: 0,
    false_alarms: 0,
  });
});

test('a change inside the noise is a plateau only once the reader was tried', async () => {
  const lake = await startServer();
  lake.upstream.answerBy((request) =>
    messageOf(request).includes('level') ? says(PRAISE) : attentive(request),
  );
  await iterate(lake, 'export const level = () => check(1);\n');
  const untried = await iterate(lake, 'export const level = () => check(2);\n');
  expect(untried.report.movement.classes).toMatchObject({ PLATEAU: 0, MIXED: 1 });
  await calibrate(lake, [...FOUR, ...FOUR_CLEAN]);
  const tried = await iterate(lake, 'export const level = () => check(3);\n');
  expect(tried.report.movement.classes).toMatchObject({ PLATEAU: 1, MIXED: 0 });
});

test('a model that praises everything is trusted less, until nothing of it may be applied', async () => {
  const lake = await startServer();
  lake.upstream.answerBy(() => says(PRAISE));
  const first = await iterate(lake, 'export const level = () => check(1);\n');
  expect(first.tier).toBe('sim');
  const { published } = await calibrate(lake, [...FOUR, ...FOUR_CLEAN]);
  const [model] = published.models;
  expect(model).toMatchObject({ model: LADDER[0], caught: 0, missed: 4, false_alarms: 0, cleared: 4 });
  expect(model.after.trust).toBeLessThan(model.before.trust);
  expect(model.after.confidence).toBeCloseTo(1 / 6);
  const second = await iterate(lake, 'export const level = () => check(2);\n');
  expect(second.tier).toBe('block');
  expect(second.report.movement.classes).toMatchObject({ PLATEAU: 0 });
});
