import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type Change, journalOf, makeChange, occurrences } from './change.ts';
import { type ChildServer, makeTestHome, type Standby, standBy, type TestHome } from './child-server.ts';
import { ONE_FILE_THREAD, type Point, pointsOf } from './disk-points.ts';
import { attachStrace, diskThreads, requireStrace } from './strace.ts';

describe.each(['ingest', 'object'] as const)('killed before each step to the disk, one %s', (kind) => {
  let home: TestHome;
  let standby: Standby;
  const next = async () => {
    const server = await standby.serve();
    standby = standBy({ home, environment: ONE_FILE_THREAD });
    return server;
  };

  beforeAll(async () => {
    requireStrace();
    home = await makeTestHome();
    standby = standBy({ home, environment: ONE_FILE_THREAD });
  });
  afterAll(async () => {
    standby.discard();
    await home.remove();
  });

  test('is there whole or not at all, and once when it is sent again', async () => {
    let server = await next();
    await ask(server, makeChange(kind, `${kind}/warm`, 'points'));
    // What the server tells its observer of it is written later, and must not stand among the steps of the next change.
    const told = async () => (await server.api('GET', '/events?source=ingest')).json.events.length;
    if (kind === 'ingest') await expect.poll(told).toBe(1);
    const points = await pointsOf(server, makeChange(kind, `${kind}/rehearsal`, 'points'));
    const seen: string[] = [];
    let killed = 0;
    let settled = 0;
    for (const [number, point] of points.entries()) {
      const change = makeChange(kind, `${kind}/${number}`, 'points');
      const acknowledged = await askAndDie(server, point, change);
      if (acknowledged) await server.kill();
      else killed += 1;
      server = await next();
      const before = (await occurrences(server, [change])).get(change) ?? 0;
      if (acknowledged) expect(before).toBe(1);
      const notices = server.notices.join(' ');
      if (notices.includes('Settled 1 effect')) settled += 1;
      seen.push(
        `${point.call} ${point.nth} of ${point.thread}: ${acknowledged ? 'acknowledged' : 'killed'}, there ${before} ${notices}`,
      );
      expect((await server.api('GET', '/journal/stats')).json.open_intents).toBe(0);
      expect(await ask(server, change), seen.at(-1)).toBe(true);
      expect((await occurrences(server, [change])).get(change), seen.at(-1)).toBe(1);
    }
    console.log(seen.join('\n'));
    const events = await journalOf(server);
    expect(events.filter((event) => event.operation === 'system.settle').length).toBe(settled);
    if (kind === 'object') expect(settled).toBeGreaterThan(0);
    else expect(events.filter((event) => event.action === 'dataset.ingested').length).toBe(points.length + 2);
    const verified = await server.api('POST', '/journal/verify', { json: {} });
    expect(verified.json).toMatchObject({ valid: true, problems: [] });
    expect(killed, 'points that were reached').toBe(points.length);
    await server.stop();
  }, 900_000);
});

/** Asks for the change of a server that is killed at the point; true where it was answered all the same. */
async function askAndDie(server: ChildServer, point: Point, change: Change): Promise<boolean> {
  const { call, nth } = point;
  const trace = await attachStrace({
    pid: server.pid,
    thread: diskThreads(server.pid)[point.thread],
    args: ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${nth}`],
  });
  const acknowledged = await ask(server, change);
  if (acknowledged) await trace.detach();
  else await server.exited;
  return acknowledged;
}
