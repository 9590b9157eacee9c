import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { makeTestHome, SMALL_ENGINE, standBy } from '../faults/child-server.ts';
import { providersConfig } from '../harness/model-server.ts';
import { startScriptedProvider } from '../support/scripted-provider/scripted-provider.ts';
import { reply } from '../support/scripted-provider/scripted-reply.ts';
import {
  ANSWER,
  finish,
  LADDER,
  NO_SUGGESTIONS,
  packed,
  rowsOf,
  SCRUM_ROUTING,
  type ScrumServer,
  says,
  sendFile,
  start,
  startScrumServer,
} from './scrum-server.ts';

// what breaks a file's reading off in its middle loses no answer that was paid for.

let lake: ScrumServer | null = null;
afterEach(async () => {
  await lake?.close();
  lake = null;
});

const FILE = packed('src/one.ts', 'export const guard = () => check();\n');
const CHANGED = packed('src/one.ts', 'export const guard = () => other();\n');
const OTHER = packed('src/two.ts', 'export const two = 2;\n');
const scored = (score: number) => says({ ...ANSWER, score });
/** Prices are 1 and 2 dollars a million: what an answer cost is read off its tokens. */
const costOf = (attempts: readonly Record<string, unknown>[]) =>
  attempts.reduce((sum, one) => sum + Number(one.input_tokens) + 2 * Number(one.output_tokens), 0) / 1e6;

async function ceiledServer(requests: number): Promise<ScrumServer> {
  const ceilings = `[[ceilings]]\nname = "reviews"\nwhen = { task = "scrum" }\nrequests_per_hour = ${requests}\n`;
  lake = await startScrumServer({ ceilings });
  return lake;
}

const withoutCeiling = ({ server }: ScrumServer) =>
  server.restartWith(() => writeFile(join(server.home, 'routing.toml'), SCRUM_ROUTING));

test('a ceiling between two replicates: the next request goes on with the others, and the cost is that of all', async () => {
  const server = await ceiledServer(3);
  const id = (await start(server, [FILE], { replicates: 4 })).json.iteration_id;
  server.upstream.script(says('?'), scored(4), scored(8));
  expect((await sendFile(server, id, FILE)).json).toMatchObject({ status: 402, code: 'budget.exhausted' });
  const status = (await server.server.api('GET', `/scrum/iterations/${id}`)).json.iteration;
  expect(status).toMatchObject({ files_done: 0 });
  expect(status.cost_usd).toBeGreaterThan(0);

  await withoutCeiling(server);
  expect((await start(server, [FILE], { replicates: 4 })).json).toMatchObject({ continued: true });
  const before = server.upstream.received.length;
  server.upstream.script(scored(5), scored(9), NO_SUGGESTIONS);
  const { json } = await sendFile(server, id, FILE);
  expect(server.upstream.received.length - before).toBe(3);
  expect(json.row).toMatchObject({
    scores: [4, 8, 5, 9],
    score: 6.5,
    rung: 1,
    model: LADDER[1],
    attempts: 6,
  });
  expect(
    json.attempts.map(({ pass, rung, replicate, outcome }: Record<string, unknown>) => [
      ...[pass, rung, replicate, outcome],
    ]),
  ).toEqual([
    ['blind', 0, 0, 'unparsable'],
    ['blind', 1, 0, 'accepted'],
    ['blind', 1, 1, 'accepted'],
    ['blind', 1, 2, 'accepted'],
    ['blind', 1, 3, 'accepted'],
    ['directed', 1, 0, 'accepted'],
  ]);
  await finish(server, id);
  const attempts = await rowsOf(server, 'SELECT input_tokens, output_tokens FROM kb.attempts');
  const [review] = await rowsOf(server, 'SELECT cost_usd, attempts FROM kb.reviews');
  expect(attempts).toHaveLength(6);
  expect(review?.attempts).toBe(6);
  expect(Number(review?.cost_usd)).toBeCloseTo(costOf(attempts), 9);
});

test('a ceiling before the directed pass leaves the blind answer, which is not asked for again', async () => {
  const server = await ceiledServer(1);
  const id = (await start(server, [FILE])).json.iteration_id;
  server.upstream.script(scored(3));
  expect((await sendFile(server, id, FILE)).status).toBe(402);
  await withoutCeiling(server);
  server.upstream.answerBy(({ body }) =>
    JSON.stringify(body).includes('<<<findings') ? NO_SUGGESTIONS : scored(10),
  );
  expect((await sendFile(server, id, FILE)).json.row).toMatchObject({ score: 3, attempts: 2 });
  server.upstream.answerBy(null);
});

test('answers about other content make no row, but are paid for: of the file, and of one that left', async () => {
  const server = await ceiledServer(2);
  const id = (await start(server, [FILE, OTHER])).json.iteration_id;
  server.upstream.script(says('?'), scored(10));
  expect((await sendFile(server, id, FILE)).status).toBe(402);
  await withoutCeiling(server);
  expect((await start(server, [CHANGED, OTHER])).json).toMatchObject({ continued: true });
  server.upstream.script(scored(2), NO_SUGGESTIONS, scored(5), NO_SUGGESTIONS);
  const { json } = await sendFile(server, id, CHANGED);
  expect(json.row).toMatchObject({ scores: [2], rung: 0, attempts: 4 });
  await sendFile(server, id, OTHER);
  expect((await start(server, [CHANGED])).json).toMatchObject({ continued: true });
  const { cost_usd: before } = (await server.server.api('GET', `/scrum/iterations/${id}`)).json.iteration;
  expect((await finish(server, id)).json).toMatchObject({ reviews: 1, attempts: 6 });
  const attempts = await rowsOf(server, 'SELECT input_tokens, output_tokens FROM kb.attempts');
  const { cost_usd: cost } = (await server.server.api('GET', `/scrum/iterations/${id}`)).json.iteration;
  expect(cost).toBeCloseTo(costOf(attempts), 9);
  expect(cost).toBe(before);
});

test('a file without a verdict is asked for anew, and its row holds what both readings cost', async () => {
  const server = await startScrumServer();
  lake = server;
  const id = (await start(server, [FILE])).json.iteration_id;
  server.upstream.script(says('?'), says('?'), says('?'));
  const first = (await sendFile(server, id, FILE)).json.row;
  expect(first).toMatchObject({ verdict: 'no_verdict', attempts: 3 });
  server.upstream.script(scored(4), NO_SUGGESTIONS);
  const second = (await sendFile(server, id, FILE)).json.row;
  expect(second).toMatchObject({ verdict: 'needs_work', rung: 0, attempts: 5 });
  expect(second.cost_usd).toBeGreaterThan(first.cost_usd);
  expect((await finish(server, id)).json).toMatchObject({ attempts: 5 });
});

test('one call at a time makes the same row, and tells when none is left', async () => {
  const server = await startScrumServer();
  lake = server;
  const id = (await start(server, [FILE])).json.iteration_id;
  const ask = async () =>
    (await server.server.api('POST', `/scrum/iterations/${id}/calls`, { json: FILE })).json;
  server.upstream.script(says('?'), scored(4), NO_SUGGESTIONS);
  expect(await ask()).toMatchObject({ asked: { rung: 0, outcome: 'unparsable' }, more: true });
  expect(await ask()).toMatchObject({ asked: { rung: 1, pass: 'blind', outcome: 'accepted' }, more: true });
  expect(await ask()).toMatchObject({ asked: { rung: 1, pass: 'directed' }, more: false });
  expect(await ask()).toEqual({ asked: null, more: false, journal_event_id: null });
  expect((await sendFile(server, id, FILE)).json).toMatchObject({ reviewed: true, row: { attempts: 3 } });
  expect(server.upstream.received).toHaveLength(3);
  expect(await ask()).toMatchObject({ asked: null, more: false });
});

test('a server that is killed while a model answers goes on with the answers it had', async () => {
  const upstream = await startScriptedProvider();
  const provider = 'headers_timeout_ms = 60000\nidle_timeout_ms = 60000';
  const home = await makeTestHome({ config: `${SMALL_ENGINE}\n${providersConfig(upstream.url, provider)}` });
  await writeFile(join(home.home, 'routing.toml'), SCRUM_ROUTING);
  const [asked, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let calls = 0;
  upstream.answerBy(({ body }) => {
    if (JSON.stringify(body).includes('<<<findings')) return NO_SUGGESTIONS;
    calls++;
    if (calls < 3) return scored(calls);
    if (calls > 3) return scored(9);
    asked.resolve();
    return reply({ held: { part: 'head', until: letGo.promise } });
  });
  let standby = standBy({ home });
  try {
    const server = await standby.serve();
    standby = standBy({ home });
    const id = (await start({ server }, [FILE], { replicates: 3 })).json.iteration_id;
    const sent = sendFile({ server }, id, FILE).catch(() => null);
    await asked.promise;
    await server.kill();
    await sent;
    letGo.resolve();

    const next = await standby.serve();
    standby = standBy({ home });
    expect((await start({ server: next }, [FILE], { replicates: 3 })).json.continued).toBe(true);
    const { json } = await sendFile({ server: next }, id, FILE);
    expect(json.row.scores.slice(0, 2)).toEqual([1, 2]);
    expect(json.attempts.map(({ pass, replicate }: Record<string, unknown>) => [pass, replicate])).toEqual([
      ['blind', 0],
      ['blind', 1],
      ['blind', 2],
      ['directed', 0],
    ]);
    // The call that the kill broke off is made once more, and no other.
    expect(calls).toBeLessThanOrEqual(4);
    await next.stop();
  } finally {
    standby.discard();
    await home.remove();
    await upstream.close();
  }
}, 120_000);
