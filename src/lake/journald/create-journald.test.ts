import { spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../base/index.ts';
import { eventContext, type JournalHome, journalHome, type OpenJournal } from './journald.fixture.ts';

let home: JournalHome;

beforeEach(async () => {
  home = await journalHome();
});

afterEach(() => home.dispose());

/** A clock that stands where it is put. */
function clockAt(nowMs: number): Clock & { nowMs: () => number; set(nowMs: number): void } {
  let now = nowMs;
  return {
    nowMs: () => now,
    monotonicMs: () => 0,
    set: (to) => {
      now = to;
    },
  };
}

async function chain(open: OpenJournal) {
  const { store } = open;
  return store.read(
    store.queries.selectFrom('journal_events').select(['seq', 'id', 'time_ms']).orderBy('seq'),
  );
}

describe('the chain', () => {
  it('orders concurrent events of one durable commit, and verifies', async () => {
    const open = await home.open();
    const added = await Promise.all(
      Array.from({ length: 100 }, (_, index) => open.add({ subject: `dataset:${index}` })),
    );
    expect(added.every(({ outcome }) => outcome.committed)).toBe(true);
    const rows = await chain(open);
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(rows.map((row) => row.id)).toEqual(added.map(({ id }) => id));
    await open.close();
    expect(await home.verify()).toMatchObject({
      valid: true,
      events_checked: 100,
      unsigned_events: 0,
      notes: [],
    });
  });

  it('has no hole where a change beside it was refused', async () => {
    const open = await home.open();
    const refuse = {
      sql: 'SELECT 1 WHERE 1 = 0',
      parameters: [],
      guard: { rows: 1, refusal: 'lost_the_race' },
    };
    const { journal } = open.journald;
    const draft = { action: 'x', subject: 'y', data: {} };
    const context = eventContext();
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const { statements } = journal.append(draft, context);
        return open.store.commit(index % 3 === 0 ? [...statements, refuse] : statements);
      }),
    );
    expect(outcomes.filter((outcome) => outcome.committed)).toHaveLength(20);
    expect((await chain(open)).map((row) => row.seq)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    await open.close();
    expect(await home.verify()).toMatchObject({ valid: true, events_checked: 20 });
  });

  it('refuses an event that is committed out of the order of its id', async () => {
    const open = await home.open();
    const draft = { action: 'x', subject: 'y', data: {} };
    const first = open.journald.journal.append(draft, eventContext());
    const second = open.journald.journal.append(draft, eventContext());
    expect(await open.store.commit(second.statements)).toMatchObject({ committed: true });
    expect(await open.store.commit(first.statements)).toEqual({
      committed: false,
      refusal: 'journal_head_moved',
    });
    await open.close();
  });
});

describe('ids and sequence (F-4)', () => {
  it.each([
    ['one day back', -86_400_000],
    ['frozen', 0],
    ['one day ahead', 86_400_000],
  ])('keep rising with the clock %s, also across a restart', async (_, step) => {
    const clock = clockAt(1_800_000_000_000);
    for (let start = 0; start < 3; start++) {
      const open = await home.open({ clock });
      for (let number = 0; number < 4; number++) {
        await open.add();
        if (number === 1) clock.set(clock.nowMs() + step);
      }
      await open.close();
    }
    const open = await home.open({ clock });
    const rows = await chain(open);
    await open.close();
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    expect([...rows].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(rows);
    expect(new Set(rows.map((row) => row.id)).size).toBe(12);
    expect(await home.verify()).toMatchObject({ valid: true, events_checked: 12 });
  });
});

describe('intents', () => {
  it('are open until settled once, also across a restart', async () => {
    const before = await home.open();
    const announced = {
      action: 'object.put_announced',
      subject: 'object:default/a',
      data: { temporary: 't-1' },
    };
    const one = await before.add(announced, { phase: 'intent' });
    const two = await before.add({ ...announced, subject: 'object:default/b' }, { phase: 'intent' });
    await before.add({}, { phase: 'settled', intentId: one.id });
    await before.close();

    const after = await home.open();
    expect(await after.journald.openIntents()).toEqual([
      {
        intentId: two.id,
        timeMs: expect.any(Number),
        action: 'object.put_announced',
        subject: 'object:default/b',
        operation: 'ingest.file',
        requestId: 'request-1',
        data: { temporary: 't-1' },
      },
    ]);
    expect((await after.add({}, { phase: 'settled', intentId: two.id })).outcome.committed).toBe(true);
    expect((await after.add({}, { phase: 'settled', intentId: two.id })).outcome).toEqual({
      committed: false,
      refusal: 'journal_intent_settled',
    });
    expect(await after.journald.openIntents()).toEqual([]);
    await after.close();
    expect(await home.verify()).toMatchObject({ valid: true, events_checked: 4 });
  });
});

describe('a journal whose process is killed', () => {
  it.each([1, 60, 300])('verifies and goes on, killed after %i acknowledged events', async (acknowledged) => {
    const entry = fileURLToPath(new URL('./crash-journal.fixture.ts', import.meta.url));
    const child = spawn(process.execPath, [entry, home.home], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ids: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      ids.push(line);
      if (ids.length >= acknowledged) child.kill('SIGKILL');
    }
    expect(await home.verify()).toMatchObject({ valid: true });
    const open = await home.open();
    const rows = await chain(open);
    const stored = new Set(rows.map((row) => row.id));
    expect(ids.filter((id) => !stored.has(id))).toEqual([]);
    const { id } = await open.add();
    expect(rows.every((row) => row.id < id)).toBe(true);
    await open.close();
    expect(await home.verify()).toMatchObject({
      valid: true,
      events_checked: rows.length + 1,
      unsigned_events: 0,
    });
  });
});

describe('checkpoints', () => {
  it('are signed by time where events are few', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const open = await home.open();
      const { store } = open;
      const seqs = async () =>
        (
          await store.read(store.queries.selectFrom('journal_checkpoints').select('seq').orderBy('number'))
        ).map(({ seq }) => seq);
      await open.add();
      expect(await seqs()).toEqual([0]);
      vi.advanceTimersByTime(home.config.journal.checkpoint_every_s * 1_000);
      // The timer has begun to sign; each look lets it go on.
      while ((await seqs()).length < 2);
      expect(await seqs()).toEqual([0, 1]);
      // No event, no checkpoint.
      vi.advanceTimersByTime(home.config.journal.checkpoint_every_s * 2_000);
      await open.close();
    } finally {
      vi.useRealTimers();
    }
    expect(await home.verify()).toMatchObject({ valid: true, checkpoints_checked: 2, heads_checked: 2 });
  });

  it('are signed again once the heads file can be written again', async () => {
    const open = await home.open();
    const headsFile = join(home.home, home.config.journal.heads_file);
    renameSync(headsFile, `${headsFile}.aside`);
    mkdirSync(headsFile);
    await open.add();
    await open.journald.stop();
    rmdirSync(headsFile);
    renameSync(`${headsFile}.aside`, headsFile);
    await open.add();
    await open.close();
    expect(await home.verify()).toMatchObject({ valid: true, checkpoints_checked: 3, heads_checked: 3 });
  });
});

describe('starting', () => {
  it('refuses a journal that does not end where its head says', async () => {
    const open = await home.open();
    for (let number = 0; number < 3; number++) await open.add();
    await open.close();
    home.tamper((database) => database.exec('DELETE FROM journal_events WHERE seq = 3'));
    await expect(home.open()).rejects.toMatchObject({ code: 'journal.damaged' });
  });
});
