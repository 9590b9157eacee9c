import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type ChildServer,
  makeTestHome,
  SMALL_ENGINE,
  startChild,
  type TestHome,
} from '../faults/child-server.ts';
import { attachStrace, diskThreads, requireStrace } from '../faults/strace.ts';
import { callRecords, heldNow } from '../harness/call-records.ts';
import { providersConfig, ROUTING } from '../harness/model-server.ts';
import { storeRows } from '../harness/store-rows.ts';
import {
  type ScriptedProvider,
  startScriptedProvider,
} from '../support/scripted-provider/scripted-provider.ts';
import { reply } from '../support/scripted-provider/scripted-reply.ts';

// What is true of models where the store takes no write, and where the process ends in the middle of a call.

const CEILING = '[[ceilings]]\nname = "all"\nusd_per_hour = 1\n';
const messages = [{ role: 'user', content: 'Hello?' }];

let upstream: ScriptedProvider;
let home: TestHome;
let server: ChildServer;
beforeEach(async () => {
  upstream = await startScriptedProvider();
  home = await makeTestHome({
    config: `${SMALL_ENGINE}\n[metastore]\ncommit_timeout_ms = 700\n${providersConfig(upstream.url, 'headers_timeout_ms = 60000')}`,
  });
  await writeFile(join(home.home, 'routing.toml'), `${ROUTING}\n${CEILING}`);
  server = await startChild({ home });
});
afterEach(async () => {
  await server.kill();
  await home.remove();
  await upstream.close();
});

const WAYS = [
  ['/v1/chat', { model: 'gpt-x', messages }],
  ['/v1/chat', { model: 'gpt-x', messages, stream: true }],
  ['/v1/chat/completions', { model: 'gpt-x', messages }],
  ['/v1/chat/completions', { model: 'gpt-x', messages, stream: true }],
  ['/v1/messages', { model: 'claude-x', messages, max_tokens: 50 }],
  ['/v1/embeddings', { model: 'openai/text-embedding', input: 'Hello?' }],
] as const;

test('a store that takes no write keeps every request from every provider', async () => {
  requireStrace();
  const { store } = diskThreads(server.pid);
  const fault = 'inject=pwrite64:error=EIO';
  const strace = await attachStrace({
    pid: server.pid,
    thread: store,
    args: ['-e', 'trace=pwrite64', '-e', fault],
  });
  for (const [path, json] of WAYS) {
    const answer = await server.api('POST', path, { json });
    expect(answer.status, `${path}: ${answer.text}`).toBe(503);
    expect(answer.json.code).toMatch(/^metastore\./);
  }
  expect(upstream.received).toEqual([]);
  await strace.detach();
});

test('a call under way when the process is killed is charged what was held, once', async () => {
  upstream.script(reply({ fault: 'hang' }));
  const requestId = 'killed';
  const answer = server
    .api('POST', '/v1/chat/completions', {
      json: { model: 'gpt-x', messages, max_tokens: 100 },
      headers: { 'x-request-id': requestId },
    })
    .catch(() => 'gone');
  await expect.poll(() => upstream.received.length).toBe(1);
  const [before] = storeRows<{ held: number }>(home.home, 'SELECT held FROM budget_windows');
  await server.kill();
  expect(await answer).toBe('gone');
  server = await startChild({ home });
  expect(heldNow(home.home)).toEqual({ holds: 0, held: 0 });
  const { calls } = callRecords(home.home, requestId);
  expect(calls).toEqual([
    expect.objectContaining({ status: 'unknown', error_class: 'process_ended', cost_nano_usd: before?.held }),
  ]);
  expect(storeRows(home.home, 'SELECT spent FROM budget_windows')).toEqual([
    expect.objectContaining({ spent: before?.held }),
  ]);
  const settled = await server.api('GET', '/journal/events?action=budget.settled');
  expect(settled.json.events).toHaveLength(1);
  expect(settled.json.events[0].data).toMatchObject({ calls: 1 });
  expect((await server.api('POST', '/journal/verify', { json: {} })).json).toMatchObject({ valid: true });
});

test('the log says nothing that a provider, a prompt or an answer said', async () => {
  for (const fault of [
    'failing',
    'error_body',
    'garbage',
    'refused_key',
    'too_long',
    'error_midway',
    'reset',
  ]) {
    for (const stream of [false, true]) {
      const json = {
        model: `openai/scripted/${fault}`,
        messages: [{ role: 'user', content: 'a-secret-prompt' }],
        stream,
      };
      await server.api('POST', '/v1/chat/completions', { json }).catch(() => 'broken');
    }
  }
  expect(upstream.received.length).toBeGreaterThan(10);
  await server.stop();
  expect(server.output()).not.toMatch(/canary sentence|a-secret-prompt|Hello from the scripted/);
});
