import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../base/index.ts';
import { type JournalHome, journalHome, type OpenJournal } from './journald.fixture.ts';

const DAY_MS = 86_400_000;

let home: JournalHome;

afterEach(() => home.dispose());

function clockOnDay(day: number): Clock {
  return { nowMs: () => 1_800_000_000_000 + day * DAY_MS, monotonicMs: () => 0 };
}

/** Opens on a day, adds events, signs, closes. */
async function day(
  number: number,
  events: number,
  during?: (open: OpenJournal) => Promise<void>,
): Promise<void> {
  const open = await home.open({ clock: clockOnDay(number) });
  for (let added = 0; added < events; added++) await open.add();
  await during?.(open);
  await open.close();
}

async function kept(open: OpenJournal): Promise<{ seq: number; action: string }[]> {
  const { store } = open;
  return store.read(store.queries.selectFrom('journal_events').select(['seq', 'action']).orderBy('seq'));
}

describe('retention', () => {
  it('keeps everything where no limit is set', async () => {
    home = await journalHome();
    await day(0, 4);
    await day(4_000, 0);
    expect(await home.verify()).toMatchObject({ valid: true, events_checked: 4, pruned_events: 0 });
  });

  it('removes what is older, up to a signed checkpoint, and the rest verifies', async () => {
    home = await journalHome({ retention_days: 10 });
    await day(0, 6);
    await day(8, 3);
    await day(12, 1, async (open) => {
      expect(await kept(open)).toEqual([
        ...[7, 8, 9].map((seq) => ({ seq, action: 'dataset.ingested' })),
        { seq: 10, action: 'journal.pruned' },
        { seq: 11, action: 'dataset.ingested' },
      ]);
    });
    const report = await home.verify();
    expect(report).toMatchObject({ valid: true, events_checked: 5, pruned_events: 6, unsigned_events: 0 });
    expect(report.notes).toEqual([expect.stringContaining('6 events were pruned')]);
    await day(30, 0);
    expect(await home.verify()).toMatchObject({ valid: true, events_checked: 1, pruned_events: 11 });
  });

  it('never removes an open intent, nor what came after it', async () => {
    home = await journalHome({ retention_days: 10 });
    let intentId = '';
    await day(0, 2, async (open) => {
      ({ id: intentId } = await open.add({}, { phase: 'intent' }));
    });
    await day(1, 2);
    await day(20, 0, async (open) => {
      // Neither checkpoint made on these days stands before the intent.
      expect((await kept(open)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
      await open.add({}, { phase: 'settled', intentId });
    });
    await day(40, 0, async (open) => {
      expect((await kept(open)).map(({ action }) => action)).toEqual(['journal.pruned']);
    });
    expect(await home.verify()).toMatchObject({ valid: true, pruned_events: 6 });
  });

  it('is seen through where a pruning’s event was forged', async () => {
    home = await journalHome({ retention_days: 10 });
    await day(0, 6);
    await day(20, 1);
    home.tamper((database) => {
      database.exec(`UPDATE journal_events SET record = replace(record, '"events":6', '"events":5')`);
    });
    const report = await home.verify();
    expect(report.valid).toBe(false);
    expect(report.problems.map(({ seq, problem }) => ({ seq, problem }))).toEqual([
      { seq: 1, problem: 'events up to 6 are missing and no signed pruning says so' },
      { seq: 7, problem: 'the record or its hash was changed' },
    ]);
  });
});
