import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ChildServer, makeTestHome, startChild, type TestHome } from './child-server.ts';

// A thread of the store dies: nothing is answered that would not be recorded, the server says so, ends, and the next
// start has all that was acknowledged.

const HOOK = new URL('./end-store-thread.ts', import.meta.url).href;
const THREADS = ['writer', 'reader'] as const;

const environment = (thread: string) => ({ NODE_OPTIONS: `--import=${HOOK}`, END_THREAD: thread });

let home: TestHome;

beforeEach(async () => {
  home = await makeTestHome();
});
afterEach(() => home.remove());

const makeKey = (server: ChildServer, name: string) =>
  server.api('POST', '/access/keys', {
    json: { name, role: 'admin' },
    headers: { 'idempotency-key': `make-${name}` },
  });

describe.each(THREADS)('a server whose store’s %s ended', (thread) => {
  test('answers 503 to all that touches data, and is not ready', async () => {
    const server = await startChild({ home, environment: environment(thread) });
    expect((await server.api('PUT', '/buckets/default/objects/kept', { body: 'bytes' })).status).toBe(201);
    process.kill(server.pid, 'SIGUSR2');
    await expect
      .poll(async () => (await server.api('GET', '/ready', { key: null })).json)
      .toMatchObject({ ready: false, reasons: ['The metadata store ended'] });
    for (const [method, path, options] of [
      ['GET', '/buckets/default/objects/kept', {}],
      ['PUT', '/buckets/default/objects/other', { body: 'x' }],
      ['POST', '/query/sql', { json: { sql: 'SELECT 1 AS n' } }],
      ['POST', '/access/keys', { json: { name: 'late', role: 'admin' } }],
      ['GET', '/access/me', {}],
      ['GET', '/access/audit', {}],
    ] as const) {
      const answer = await server.api(method, path, options);
      expect([path, answer.status]).toEqual([path, 503]);
      expect(answer.json?.code, answer.text).toMatch(
        /^(?:metastore\.(?:ended|unavailable)|access\.unavailable)$/,
      );
    }
    expect((await server.api('GET', '/ready', { key: null })).status).toBe(503);
    expect((await server.api('GET', '/health', { key: null })).status).toBe(200);
    const said = () => server.output().match(/a thread of the metadata store ended/g);
    await expect.poll(said).toHaveLength(1);
    await server.stop();
  });

  test('has all it acknowledged at the next start, and what it did not know happens once', async () => {
    const server = await startChild({ home, environment: environment(thread) });
    const acknowledged: string[] = [];
    const refused: string[] = [];
    // Callers without pause, so that the thread ends with requests in every step of the door.
    const callers = Array.from({ length: 20 }, async (_, caller) => {
      for (let at = 0; ; at += 1) {
        const name = `caller-${caller}-${at}`;
        const answer = await makeKey(server, name);
        if (answer.status !== 201) {
          expect([name, answer.status]).toEqual([name, 503]);
          refused.push(name);
          return;
        }
        if (acknowledged.push(name) === 50) process.kill(server.pid, 'SIGUSR2');
      }
    });
    await Promise.all(callers);
    await server.stop();

    const again = await startChild({ home });
    const listed = async () =>
      (await again.api('GET', '/access/keys')).json.keys
        .map((key: { name: string }) => key.name)
        .filter((name: string) => name.startsWith('caller-'))
        .sort();
    const kept = await listed();
    expect(acknowledged.filter((name) => !kept.includes(name))).toEqual([]);
    expect(refused).toHaveLength(callers.length);
    for (const name of refused) expect((await makeKey(again, name)).status).toBe(201);
    expect(await listed()).toEqual([...acknowledged, ...refused].sort());
    const verified = await again.api('POST', '/journal/verify', { json: {} });
    expect(verified.json, verified.text).toMatchObject({ valid: true, problems: [] });
    await again.stop();
  });

  test('ends by itself with a message, and its home can be served again', async () => {
    const serve = serveCommand(thread);
    const { pid } = await serve.listening;
    process.kill(pid, 'SIGUSR2');
    expect(await serve.exitCode).toBe(1);
    expect(serve.errors()).toContain(`The metadata store’s ${thread} ended, so the server ends too`);
    const again = await startChild({ home });
    expect((await again.api('GET', '/ready', { key: null })).status).toBe(200);
    await again.stop();
  });
});

/** `lakehouse serve` as a supervisor runs it. */
function serveCommand(thread: string) {
  const program = fileURLToPath(new URL('../../src/cli/lakehouse.ts', import.meta.url));
  const args = ['--disable-warning=ExperimentalWarning', program, 'serve', '--port', '0', '--json'];
  const child = spawn(process.execPath, [...args, '--home', home.home], {
    env: { ...process.env, NODE_COMPILE_CACHE: join(home.folder, 'compiled'), ...environment(thread) },
  });
  let errors = '';
  child.stderr.on('data', (bytes) => {
    errors += bytes;
  });
  const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    errors: () => errors,
    exitCode,
    listening: new Promise<{ pid: number }>((resolve, reject) => {
      child.stdout.once('data', (bytes) => resolve(JSON.parse(String(bytes))));
      exitCode.then((code) => reject(new Error(`ended with ${code} before it served: ${errors}`)));
    }),
  };
}
