import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type AuditedRepository,
  auditedRepository,
} from '../../src/review/auditor/audited-repository.fixture.ts';
import { lakehouse } from '../harness/command-line.ts';
import { startTestServer, type TestServer } from '../harness/server.ts';

let server: TestServer;
let key: string;
let repository: AuditedRepository;

beforeAll(async () => {
  server = await startTestServer();
  key = (await server.key('agent')).key;
});
afterAll(() => server.close());
beforeEach(() => {
  repository = auditedRepository();
  repository.commit({ 'src/a.ts': 'export const one = 1;\n' }, 'First');
});
afterEach(() => repository.remove());

const auditor = (more: Record<string, string> = {}) =>
  lakehouse(['auditor', 'HEAD', '--repo', repository.folder], {
    environment: { PATH: process.env.PATH ?? '', ...more },
  });
const told = async (head: string) =>
  (await server.api('GET', `/events?source=auditor&correlation_id=${head}`)).json.events;

describe('the observer of a named server', () => {
  it('hears once what an audit came to, without a word of what was audited', async () => {
    const head = repository.commit(
      { 'src/a.ts': 'export const canary = 2;\n' },
      'Canary words\n\nAdds three tests to the canary.\n',
    );
    const named = { LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: key };
    expect((await auditor(named)).exitCode).toBe(1);
    expect((await auditor(named)).exitCode).toBe(1);
    const events = await told(head);
    expect(events).toHaveLength(2);
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'audit.finished',
        severity: 'error',
        message: '2 claims in 1 commits, 1 blocking',
        data: expect.objectContaining({ head, claims: 2, not_backed: 1, unknown: 1, blocking: 1 }),
      }),
    );
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'claim.contradicted',
        signature: 'claim-not-backed:tests',
        data: expect.objectContaining({ commit: head, verifier: 'static' }),
      }),
    );
    expect(JSON.stringify(events)).not.toMatch(/canary/i);
  });

  it.each([
    ['a server without a key', () => ({ LAKEHOUSE_URL: server.url })],
    ['a key without a server', () => ({ LAKEHOUSE_API_KEY: key })],
  ])('hears nothing through %s', async (_name, environment) => {
    const head = repository.commit({ 'src/a.ts': 'export const two = 2;\n' }, 'Change `src/a.ts`');
    expect((await auditor(environment())).exitCode).toBe(0);
    expect(await told(head)).toEqual([]);
  });
});

describe('an audit', () => {
  let silent: Server;
  let silentUrl: string;
  const opened: { destroy(): void }[] = [];
  beforeAll(async () => {
    // Takes every connection and never says a word.
    silent = createServer((socket) => void opened.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    silentUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });
  afterAll(() => {
    for (const socket of opened) socket.destroy();
    silent.close();
  });

  it.each([
    ['is dead', () => ({ LAKEHOUSE_URL: 'http://127.0.0.1:1', LAKEHOUSE_API_KEY: key })],
    ['never answers', () => ({ LAKEHOUSE_URL: silentUrl, LAKEHOUSE_API_KEY: key })],
    ['refuses the key', () => ({ LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: 'lh_wrong' })],
  ])('prints and ends the same where its observer %s', async (_name, environment) => {
    for (const [message, exitCode] of [
      ['Change `src/a.ts`', 0],
      ['Adds three tests', 1],
    ] as const) {
      repository.commit({ 'src/a.ts': `export const text = '${message}';\n` }, message);
      const alone = await auditor();
      expect(alone.exitCode).toBe(exitCode);
      const { stdout, stderr, exitCode: code } = await auditor(environment());
      expect({ stdout, stderr, code }).toEqual({
        stdout: alone.stdout,
        stderr: alone.stderr,
        code: exitCode,
      });
    }
  });
});
