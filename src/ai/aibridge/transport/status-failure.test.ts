import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type ScriptedProvider,
  startScriptedProvider,
} from '../../../../test/support/scripted-provider/scripted-provider.ts';
import { reply } from '../../../../test/support/scripted-provider/scripted-reply.ts';
import type { FailureClass } from '../provider.ts';
import { createTransport, type Transport } from './http-transport.ts';
import { isErrorBody, statusFailure } from './status-failure.ts';

let scripted: ScriptedProvider;
let transport: Transport;

beforeAll(async () => {
  scripted = await startScriptedProvider();
  transport = createTransport({
    name: 'scripted',
    baseUrl: scripted.url,
    headers: {},
    allowPrivateAddresses: true,
    timeouts: { headersMs: 30_000, idleMs: 30_000, totalMs: 60_000 },
    maxResponseBytes: 1_000_000,
  });
});
afterAll(async () => {
  await transport.close();
  await scripted.close();
});

/** Sentences that services are known to say. */
it.each<readonly [number, string, FailureClass]>([
  [
    400,
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000",
    'context_too_long',
  ],
  [400, 'prompt is too long: 205000 tokens > 200000 maximum', 'context_too_long'],
  [400, 'input length exceeds the context length', 'context_too_long'],
  [400, 'the request exceeds the available context size, try increasing it', 'context_too_long'],
  [413, 'Request exceeds the maximum size', 'bad_request'],
  [400, 'model "llama3" not found, try pulling it first', 'unknown_model'],
  [400, 'The model `gpt-9` does not exist or you do not have access to it.', 'unknown_model'],
  [422, 'Input should be a valid list', 'bad_request'],
  [400, 'max_tokens must be at least 1', 'bad_request'],
  [402, 'Insufficient credits', 'refused_key'],
  [408, 'x', 'timeout'],
  [409, 'x', 'bad_request'],
  [301, 'x', 'server_error'],
  [204, 'x', 'server_error'],
])('%i with %j is %s', async (status, errorMessage, failureClass) => {
  for (const path of ['/v1/chat/completions', '/v1/messages', '/api/chat']) {
    scripted.script(reply({ status, errorMessage }));
    const signal = new AbortController().signal;
    const upstream = await transport.send({ method: 'POST', path, body: '{"model":"m"}', signal });
    const failure = await statusFailure(upstream, { nowMs: () => 0 });
    expect(failure).toMatchObject({ class: failureClass, status });
    expect(failure.message).not.toContain(errorMessage.slice(0, 20));
  }
});

it.each<readonly [Parameters<typeof isErrorBody>[0], boolean]>([
  [{ error: { message: 'x' } }, true],
  [{ error: 'x' }, true],
  [{ type: 'error', error: {} }, true],
  [{ error: null, choices: [] }, false],
  [{ type: 'message', content: [] }, false],
  [[], false],
  [null, false],
  [undefined, false],
])('%j is an error: %s', (body, expected) => {
  expect(isErrorBody(body)).toBe(expected);
});
