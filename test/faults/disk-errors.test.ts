import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type Change, journalOf, makeChange, occurrences, send } from './change.ts';
import { type ChildServer, makeTestHome, startChild, type TestHome } from './child-server.ts';
import { ONE_FILE_THREAD, type Point, pointsOf } from './disk-points.ts';
import { attachStrace, diskThreads, requireStrace } from './strace.ts';

/** What a disk may answer to a step, by the kind of call. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  fsync: ['EIO', 'ENOSPC'],
  rename: ['ENOSPC'],
  mkdir: ['ENOSPC'],
  pwrite64: ['ENOSPC', 'EIO'],
};

describe.each(['ingest', 'object', 'key'] as const)('a disk that refuses one step of one %s', (kind) => {
  let home: TestHome;
  let server: ChildServer;

  beforeAll(async () => {
    requireStrace();
    home = await makeTestHome();
    server = await startChild({ home, environment: ONE_FILE_THREAD });
    await ask(server, makeChange(kind, `${kind}-warm`, 'errors'));
  });
  afterAll(async () => {
    await server.stop();
    await home.remove();
  });

  test('acknowledges nothing that is not there, and recovers without a restart', async () => {
    const seen: string[] = [];
    const changes: Change[] = [];
    let refused = 0;
    const points = await pointsOf(server, makeChange(kind, `${kind}-rehearsal`, 'errors'));
    for (const [number, point] of points.entries()) {
      for (const error of ERRORS[point.call] ?? []) {
        const change = makeChange(kind, `${kind}-${number}-${error}`, 'errors');
        const answer = await sendOnto(server, point, error, change);
        const before = (await occurrences(server, [change])).get(change) ?? 0;
        const step = `${error} on ${point.call} ${point.nth} of ${point.thread}`;
        seen.push(`${step}: ${answer.status} ${answer.json.code ?? ''}, there ${before}`);
        if (answer.status < 300) {
          expect(before, seen.at(-1)).toBe(1);
        } else {
          refused += 1;
          expect([503, 507], seen.at(-1)).toContain(answer.status);
          expect(answer.json.code, seen.at(-1)).toMatch(/^(storage|catalog|metastore)\.\w+$/);
          expect(answer.json.retryable, seen.at(-1)).toBe(true);
          // What may have been kept is called so; a refusal that says that nothing was kept is true.
          if (answer.json.code !== 'metastore.outcome_unknown') expect(before, seen.at(-1)).toBe(0);
        }
        expect(await ask(server, change), seen.at(-1)).toBe(true);
        expect((await occurrences(server, [change])).get(change), seen.at(-1)).toBe(1);
        changes.push(change);
      }
    }
    console.log(seen.join('\n'));
    expect(refused).toBeGreaterThan(seen.length / 2);
    await expectWhole(server, changes);
    await server.kill();
    server = await startChild({ home, environment: ONE_FILE_THREAD });
    await expectWhole(server, changes);
  }, 600_000);
});

/** Sends a change while the disk answers one of its steps with an error. */
async function sendOnto(server: ChildServer, point: Point, error: string, change: Change) {
  const { call, nth } = point;
  const trace = await attachStrace({
    pid: server.pid,
    thread: diskThreads(server.pid)[point.thread],
    args: ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${nth}`],
  });
  try {
    return await send(server, change);
  } finally {
    await trace.detach();
  }
}

async function expectWhole(server: ChildServer, changes: readonly Change[]): Promise<void> {
  const found = await occurrences(server, changes);
  for (const change of changes) expect(found.get(change), change.name).toBe(1);
  expect((await server.api('POST', '/journal/verify', { json: {} })).json).toMatchObject({
    valid: true,
    problems: [],
  });
  expect((await server.api('GET', '/journal/stats')).json.open_intents).toBe(0);
  const ids = new Set((await journalOf(server)).map((event) => event.id));
  for (const change of changes) expect(ids.has(change.eventId ?? ''), change.name).toBe(true);
}
