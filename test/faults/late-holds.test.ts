import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callRecords, heldNow } from '../harness/call-records.ts';
import { providersConfig, ROUTING } from '../harness/model-server.ts';
import {
  type ScriptedProvider,
  startScriptedProvider,
} from '../support/scripted-provider/scripted-provider.ts';
import { reply } from '../support/scripted-provider/scripted-reply.ts';
import { type ChildServer, makeTestHome, SMALL_ENGINE, startChild, type TestHome } from './child-server.ts';

// M-3: what a ceiling holds is given back while the server runs, also where the store answered too late.

const CEILING = '[[ceilings]]\nname = "all"\nusd_per_day = 1\n';

let home: TestHome;
let server: ChildServer;
let upstream: ScriptedProvider;
beforeAll(async () => {
  upstream = await startScriptedProvider();
  home = await makeTestHome({
    config: `${SMALL_ENGINE}\n[metastore]\ncommit_timeout_ms = 2000\n${providersConfig(upstream.url, 'headers_timeout_ms = 20000\nidle_timeout_ms = 20000')}`,
  });
  await writeFile(join(home.home, 'routing.toml'), `${ROUTING}\n${CEILING}`);
  await writeFile(join(home.home, 'truth.toml'), 'rules = []\n');
  server = await startChild({ home });
});
afterAll(async () => {
  await server.kill();
  await upstream.close();
  await home.remove();
});

/** The store takes no write, and applies what came as soon as it does: its writer waits twice as long as callers do. */
async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  const other = new DatabaseSync(join(home.home, 'store/lakehouse.db'));
  other.exec('BEGIN IMMEDIATE');
  return work().finally(() => {
    other.exec('ROLLBACK');
    other.close();
  });
}

const chat = (requestId: string) =>
  server.api('POST', '/v1/chat/completions', {
    json: { model: 'gpt-scripted', messages: [{ role: 'user', content: 'Hello?' }], max_tokens: 50 },
    headers: { 'x-request-id': requestId },
  });

test('a hold that is applied late is charged as held, and holds no more', async () => {
  const before = upstream.received.length;
  const answer = await whileLocked(() => chat('late-hold'));
  expect(answer).toMatchObject({ status: 503, json: { code: 'metastore.outcome_unknown' } });
  expect(upstream.received.length).toBe(before);
  await expect
    .poll(() => callRecords(home.home, 'late-hold').calls, { timeout: 60_000 })
    .toMatchObject([{ status: 'unknown', error_class: 'not_settled', cost_nano_usd: expect.any(Number) }]);
  const [call] = callRecords(home.home, 'late-hold').calls;
  expect(call?.cost_nano_usd).toBe(call?.held_nano_usd);
  expect(heldNow(home.home)).toEqual({ holds: 0, held: 0 });
});

test('a call whose settlement is applied late is settled once, by what it used', async () => {
  const until = Promise.withResolvers<void>();
  upstream.script(reply({ held: { part: 'head', until: until.promise } }));
  const before = upstream.received.length;
  // Nothing of an answer leaves whole whose record is not closed.
  const asked = chat('late-settlement').then(
    ({ status }) => status,
    () => 'reset',
  );
  await expect.poll(() => upstream.received.length, { timeout: 60_000 }).toBe(before + 1);
  const seen = await whileLocked(() => {
    until.resolve();
    return asked;
  });
  expect(seen).toBe('reset');
  await expect.poll(() => heldNow(home.home), { timeout: 60_000 }).toEqual({ holds: 0, held: 0 });
  expect(callRecords(home.home, 'late-settlement').calls).toMatchObject([
    { status: 'ok', cost_nano_usd: 44_000 },
  ]);
  expect((await chat('after')).status).toBe(200);
  expect((await server.api('POST', '/journal/verify', { json: {} })).json).toMatchObject({ valid: true });
});
