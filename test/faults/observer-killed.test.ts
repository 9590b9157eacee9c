import { expect, test } from 'vitest';
import { type ChildServer, makeTestHome, standBy } from './child-server.ts';
import { seededRandom, seedOfRun } from './seeded-random.ts';

const LIVES = 6;
const WRITERS = 4;

/** F-1: every event that was acknowledged is there, once, and none in part, whenever the process is killed. */
test(`${LIVES} kills under ${WRITERS} writers lose no acknowledged event and keep no half batch`, async () => {
  const seed = seedOfRun();
  console.log(`LAKEHOUSE_SEED=${seed}`);
  const random = seededRandom(seed);
  const home = await makeTestHome();
  const acknowledged = new Map<string, readonly string[]>();
  let standby = standBy({ home });
  try {
    for (let life = 0; life < LIVES; life++) {
      const server = await standby.serve();
      standby = standBy({ home });
      await check(server, acknowledged);
      const enough = acknowledged.size + 2 + Math.floor(random() * 10);
      const writers = Array.from({ length: WRITERS }, (_, writer) =>
        write(server, `${life}-${writer}`, acknowledged, () => acknowledged.size >= enough),
      );
      // The first writer that has seen enough ends the life; the others are in the middle of a batch.
      await Promise.race(writers);
      await server.kill();
      await Promise.all(writers);
    }
    const last = await standby.serve();
    standby = standBy({ home });
    await check(last, acknowledged);
    console.log(`${acknowledged.size} batches acknowledged`);
    await last.stop();
  } finally {
    standby.discard();
    await home.remove();
  }
}, 600_000);

/** Sends batches until there are enough, or the server is gone. */
async function write(
  server: ChildServer,
  name: string,
  acknowledged: Map<string, readonly string[]>,
  isEnough: () => boolean,
): Promise<void> {
  for (let number = 0; !isEnough(); number++) {
    const batch = `${name}-${number}`;
    const events = Array.from({ length: 20 }, (_, index) => ({
      ...{ source: 'crash', kind: 'sent', severity: 'info', correlation_id: batch },
      external_id: `${batch}-${index}`,
    }));
    const answer = await server.api('POST', '/event', { json: { events } }).catch(() => null);
    if (answer === null) return;
    // A store that a busy disk keeps waiting has promised nothing: the batch is there whole or not at all.
    if (answer.status === 503) continue;
    expect(answer.status, answer.text).toBe(201);
    acknowledged.set(batch, answer.json.event_ids);
  }
}

async function check(server: ChildServer, acknowledged: Map<string, readonly string[]>): Promise<void> {
  const found = new Map<string, string[]>();
  for (let before = ''; ; ) {
    const page = (await server.api('GET', `/events?source=crash&limit=200${before}`)).json;
    for (const { correlation_id: batch, event_id: id } of page.events) {
      found.set(batch, [id, ...(found.get(batch) ?? [])]);
    }
    if (page.next === null) break;
    before = `&before=${page.next}`;
  }
  for (const [batch, ids] of acknowledged) expect(found.get(batch), batch).toEqual(ids);
  for (const [batch, ids] of found) expect(ids.length, batch).toBe(20);
  const { json } = await server.api('POST', '/journal/verify', { json: {} });
  expect(json).toMatchObject({ valid: true, problems: [] });
  expect((await server.api('GET', '/stats')).json.by_source.crash ?? 0).toBe(20 * found.size);
}
