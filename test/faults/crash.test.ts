import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ask, type Change, journalOf, makeChange, occurrences } from './change.ts';
import { type ChildServer, makeTestHome, standBy } from './child-server.ts';
import { seededRandom, seedOfRun } from './seeded-random.ts';

const KILLS = Number(process.env.LAKEHOUSE_KILLS ?? 200);
const WRITERS = 8;
/** A life ends after a random number of acknowledgements, and a moment more: so it is as busy on a slow machine. */
const MOST_ACKNOWLEDGED = 10;
const LONGEST_MOMENT_MS = 60;
/** The share of lives that end while the server starts. */
const KILLED_AT_START = 0.08;
const LONGEST_START_MS = 800;
/** A dataset gets a new data file with each ingest; a new one now and then keeps the checking queries short. */
const ROUNDS_PER_DATASET = 8;
const KINDS: readonly Change['kind'][] = ['object', 'ingest', 'key'];

/** What the writers asked for, over all lives of the server. */
interface World {
  readonly done: Change[];
  /** Asked for and not acknowledged, by writer. */
  readonly open: (Change | null)[];
  readonly random: () => number;
  settled: number;
}

test(`${KILLS} kills at random times under ${WRITERS} writers lose and double nothing`, async () => {
  const seed = seedOfRun();
  console.log(`LAKEHOUSE_SEED=${seed}`);
  const home = await makeTestHome();
  const world: World = {
    done: [],
    open: Array.from({ length: WRITERS }, () => null),
    random: seededRandom(seed),
    settled: 0,
  };
  let standby = standBy({ home });
  try {
    for (let round = 0; round < KILLS; round++) {
      if (world.random() < KILLED_AT_START) {
        await standby.killWhileStarting(world.random() * LONGEST_START_MS);
        standby = standBy({ home });
      }
      const server = await standby.serve();
      standby = standBy({ home });
      await checkRestart(server, world).catch((error: unknown) => {
        console.log(`life ${round + 1} said:\n${server.output()}`);
        throw error;
      });
      await writeUntilKilled(server, world, round);
    }
    const last = await standby.serve();
    standby = standBy({ home });
    await checkRestart(last, world);
    await finish(last, world);
    await checkEverything(last, world, home.home);
    await last.stop();
  } finally {
    standby.discard();
    await home.remove();
  }
}, 1_800_000);

/** Before any new request: nothing acknowledged in the last life is missing, nothing else is there in part. */
async function checkRestart(server: ChildServer, world: World): Promise<void> {
  world.settled += Number(/Settled (\d+) effect/.exec(server.notices.join('\n'))?.[1] ?? 0);
  const recent = world.done.slice(-3 * WRITERS);
  const open = world.open.filter((change) => change !== null);
  const found = await occurrences(server, [...recent, ...open]);
  for (const change of recent) expect(found.get(change), `${change.kind} ${change.name}`).toBe(1);
  for (const change of open)
    expect(found.get(change), `${change.kind} ${change.name}`).toBeLessThanOrEqual(1);
  expect((await server.api('POST', '/journal/verify', { json: {} })).json).toMatchObject({
    valid: true,
    problems: [],
  });
  expect((await server.api('GET', '/journal/stats')).json.open_intents).toBe(0);
}

async function writeUntilKilled(server: ChildServer, world: World, round: number): Promise<void> {
  let alive = true;
  const lastWords = world.done.length + Math.floor(world.random() * MOST_ACKNOWLEDGED);
  const momentMs = world.random() * LONGEST_MOMENT_MS;
  const write = async (writer: number) => {
    for (let number = 0; alive; number++) {
      const kind = KINDS[Math.floor(world.random() * KINDS.length)] ?? 'object';
      const dataset = `events_${Math.floor(round / ROUNDS_PER_DATASET)}`;
      world.open[writer] ??= makeChange(kind, `w${writer}-r${round}-${number}`, dataset);
      await advance(server, world, writer);
    }
  };
  const writers = world.open.map((_, writer) => write(writer));
  while (world.done.length < lastWords) await pause(5);
  await pause(momentMs);
  await server.kill();
  alive = false;
  await Promise.all(writers);
}

async function advance(server: ChildServer, world: World, writer: number): Promise<void> {
  const change = world.open[writer];
  if (change === null || change === undefined || !(await ask(server, change))) return;
  world.done.push(change);
  world.open[writer] = null;
}

/** Retries what is open, in a life that nobody ends. */
async function finish(server: ChildServer, world: World): Promise<void> {
  const patient = async (_: unknown, writer: number) => {
    while (world.open[writer]) await advance(server, world, writer);
  };
  await Promise.all(world.open.map(patient));
}

async function checkEverything(server: ChildServer, world: World, home: string): Promise<void> {
  const found = await occurrences(server, world.done);
  for (const change of world.done) expect(found.get(change), `${change.kind} ${change.name}`).toBe(1);
  const events = await journalOf(server);
  const ids = new Set(events.map((event) => event.id));
  expect(ids.size).toBe(events.length);
  for (const change of world.done)
    expect(ids.has(change.eventId ?? ''), `the event of ${change.name}`).toBe(true);
  const of = (kind: Change['kind']) => world.done.filter((change) => change.kind === kind).length;
  const named = (action: string) => events.filter((event) => event.action === action);
  expect(named('dataset.ingested').length).toBe(of('ingest'));
  expect(named('key.created').filter((event) => String(event.data.name).startsWith('w')).length).toBe(
    of('key'),
  );
  // A life that was killed while it started may have settled something without saying so.
  const settlements = events.filter((event) => event.operation === 'system.settle').length;
  expect(settlements).toBeGreaterThanOrEqual(world.settled);
  expect(await readdir(join(home, 'system', 'work'))).toEqual([]);
  expect((await readdir(join(home, 'system', 'sources'))).length).toBe(of('ingest'));
  const counts = `${of('object')} objects, ${of('ingest')} ingests, ${of('key')} keys`;
  console.log(`${KILLS} kills: ${counts} acknowledged; ${settlements} effects settled at start`);
}
