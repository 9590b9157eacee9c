import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createApiClient } from '../api-client.ts';
import { createIterationClient } from './iteration-client.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that answers in order with these problems, and then with an empty object; and the keys it was sent. */
async function startRefusing(problems: readonly object[]) {
  const keys: (string | undefined)[] = [];
  const left = [...problems];
  const server = createServer((request: IncomingMessage, response) => {
    keys.push(request.headers['idempotency-key']?.toString());
    const problem = left.shift() as { status?: number } | undefined;
    const status = problem?.status ?? 200;
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(problem ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = createApiClient({ url, apiKey: null, delegationToken: null, fetch });
  const waits: string[] = [];
  const client = createIterationClient(api, new AbortController().signal, (_seconds, detail) =>
    waits.push(detail),
  );
  return { client, keys, waits };
}

const busy = { status: 429, code: 'budget.busy', detail: 'Busy.', retry_after_s: 0 };
const inFlight = { status: 409, code: 'door.idempotency_in_flight', detail: 'Under way.', retry_after_s: 0 };
const unknown = { status: 503, code: 'metastore.outcome_unknown', detail: 'Not known.' };

describe('a request of the review loop', () => {
  it('is sent again under the same key while it is too much, under way, or of unknown outcome', async () => {
    const { client, keys, waits } = await startRefusing([busy, inFlight, unknown]);
    await client.reviewFile('iteration', { path: 'src/a.ts' }, '');
    expect(waits).toEqual(['Busy.', 'Under way.', 'Not known.']);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^iteration\.[0-9a-f]{64}$/);
  });

  it('is given up where its outcome stays unknown', async () => {
    const { client, keys } = await startRefusing(Array.from({ length: 9 }, () => unknown));
    await expect(client.finish('iteration')).rejects.toThrow('Not known.');
    expect(keys).toHaveLength(6);
  }, 30_000);

  it('has another key for another content, and where a row is to be asked for again', async () => {
    const { client, keys } = await startRefusing([]);
    await client.reviewFile('iteration', { path: 'src/a.ts' }, '');
    await client.reviewFile('iteration', { path: 'src/b.ts' }, '');
    await client.reviewFile('iteration', { path: 'src/a.ts' }, 'row-1');
    expect(new Set(keys).size).toBe(3);
  });

  it.each([
    [{ status: 402, code: 'budget.exhausted', detail: 'Nothing is left.' }],
    [{ status: 503, code: 'scrum.no_models', detail: 'No model.' }],
    [{ status: 409, code: 'scrum.file_not_declared', detail: 'Not as declared.' }],
  ])('is refused at once by %j', async (problem) => {
    const { client, keys } = await startRefusing([problem]);
    await expect(client.finish('iteration')).rejects.toThrow(problem.detail);
    expect(keys).toHaveLength(1);
  });
});
