import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SignedCheckpoint } from './checkpoint.ts';
import { parseHeadsLine, signedText } from './checkpoint.ts';
import { checkpointKeyFiles } from './checkpoint-key.ts';
import { chainHash } from './event-record.ts';
import { type JournalHome, journalHome } from './journald.fixture.ts';

/** What one does who may write the store, and knows how the chain is made. */

let home: JournalHome;
let publicKey: string;

beforeEach(async () => {
  home = await journalHome({ checkpoint_every_events: 1_000 });
  // Twelve events under checkpoints 1 (of none), 2 (of six) and 3 (of twelve), and the key in force.
  for (let run = 0; run < 2; run++) {
    const open = await home.open();
    for (let number = 0; number < 6; number++) await open.add({ data: { pay: 100 } });
    await open.close();
  }
  publicKey = checkpointKeyFiles(home.home).current()?.publicKey ?? '';
});

afterEach(() => home.dispose());

const headsFile = () => join(home.home, home.config.journal.heads_file);
const headsLines = () => readFileSync(headsFile(), 'utf8').trimEnd().split('\n');
const keepHeads = (count: number) =>
  writeFileSync(headsFile(), `${headsLines().slice(0, count).join('\n')}\n`);

interface EventRow {
  seq: number;
  id: string;
  record: string;
  prev_hash: string;
  hash: string;
}

/** Changes one record and every hash from there on, so that the chain by itself is right. */
function rewriteFrom(database: DatabaseSync, from: number): void {
  const rows = database
    .prepare('SELECT seq, id, record, prev_hash, hash FROM journal_events ORDER BY seq')
    .all();
  let previous = '0'.repeat(64);
  for (const row of rows as unknown as EventRow[]) {
    const record = row.seq === from ? row.record.replace('"pay":100', '"pay":900') : row.record;
    const hash = chainHash(previous, row.seq, record);
    database
      .prepare('UPDATE journal_events SET record = ?, prev_hash = ?, hash = ? WHERE seq = ?')
      .run(record, previous, hash, row.seq);
    database.prepare('UPDATE journal_heads SET prev_hash = ?, hash = ?').run(previous, hash);
    previous = hash;
  }
}

/** Removes the events after `seq` and everything in the store that says they were there. */
function cutAfter(database: DatabaseSync, seq: number): void {
  const last = database.prepare('SELECT id, prev_hash, hash FROM journal_events WHERE seq = ?').get(seq);
  database.prepare('DELETE FROM journal_events WHERE seq > ?').run(seq);
  database.prepare('DELETE FROM journal_checkpoints WHERE seq > ?').run(seq);
  database
    .prepare('UPDATE journal_heads SET seq = ?, last_id = ?, prev_hash = ?, hash = ?')
    .run(seq, last?.id ?? '', last?.prev_hash ?? '', last?.hash ?? '');
}

describe('one who can write the store', () => {
  it('is found out on rewriting an event with every hash after it', async () => {
    home.tamper((database) => rewriteFrom(database, 9));
    expect(await home.verify()).toMatchObject({
      valid: false,
      first_bad: { seq: 7, problem: 'rewritten: events 7 to 12 are not what checkpoint 3 signed' },
    });
  });

  it('is found out by the heads file on rewriting and removing the checkpoints', async () => {
    home.tamper((database) => {
      rewriteFrom(database, 2);
      database.exec('DELETE FROM journal_checkpoints WHERE number > 1');
    });
    const report = await home.verify();
    expect(report.valid).toBe(false);
    expect(report.first_bad).toMatchObject({
      seq: 1,
      problem: expect.stringContaining('rewritten: events 1 to 6'),
    });
  });

  it('is found out by the heads file on cutting the end, checkpoints and head included', async () => {
    home.tamper((database) => cutAfter(database, 6));
    expect(await home.verify()).toMatchObject({
      valid: false,
      first_bad: { seq: 7, problem: 'cut off: events up to 12 were signed and are missing' },
    });
    await expect(home.open()).rejects.toMatchObject({ code: 'journal.behind_heads_file' });
  });

  it('is not found out on cutting what no kept head covers: the documented limit', async () => {
    home.tamper((database) => cutAfter(database, 6));
    keepHeads(2);
    expect(await home.verify()).toMatchObject({ valid: true, events_checked: 6 });
  });

  it('is found out by a checkpoint kept elsewhere on cutting or rewriting what it covers, heads included', async () => {
    const kept = parseHeadsLine(headsLines()[2] ?? '') ?? undefined;
    expect(await home.verify(publicKey, kept)).toMatchObject({ valid: true, kept_checked: 1 });
    const forged = kept && { ...kept, seq: 11 };
    expect(await home.verify(publicKey, forged)).toMatchObject({
      valid: false,
      kept_checked: 0,
      first_bad: {
        problem: 'checkpoint 3, which was kept, is not signed by a key of this journal, or was changed',
      },
    });
    expect(await home.verify(publicKey, kept && { ...kept, writer: 'other' })).toMatchObject({
      valid: false,
      first_bad: { problem: 'the store has no events of the writer of checkpoint 3, which was kept' },
    });
    home.tamper((database) => cutAfter(database, 6));
    keepHeads(2);
    expect((await home.verify()).valid).toBe(true);
    expect(await home.verify(publicKey, kept)).toMatchObject({
      valid: false,
      first_bad: { seq: 7, problem: 'cut off: events up to 12 were signed and are missing' },
    });
  });

  it('is found out by a kept checkpoint on signing the whole journal with a key of their own', async () => {
    const kept = parseHeadsLine(headsLines()[2] ?? '') ?? undefined;
    const other = await journalHome({ checkpoint_every_events: 1_000 });
    try {
      const open = await other.open();
      for (let number = 0; number < 12; number++) await open.add({ data: { pay: 900 } });
      await open.close();
      expect((await other.verify()).valid).toBe(true);
      expect((await other.verify(publicKey, kept)).valid).toBe(false);
    } finally {
      await other.dispose();
    }
  });

  it('is found out on removing every checkpoint with the heads file', async () => {
    home.tamper((database) => database.exec('DELETE FROM journal_checkpoints'));
    writeFileSync(headsFile(), '');
    expect(await home.verify()).toMatchObject({
      valid: false,
      first_bad: { problem: 'the store holds no valid checkpoint, though one is made at the start' },
    });
  });

  it('is found out on signing with a key of their own', async () => {
    const theirs = checkpointKeyFiles(join(home.home, 'theirs')).createCandidate();
    home.tamper((database) => {
      rewriteFrom(database, 2);
      const rows = database.prepare('SELECT * FROM journal_checkpoints ORDER BY number').all();
      for (const row of rows as unknown as SignedCheckpoint[]) {
        const event = database.prepare('SELECT hash FROM journal_events WHERE seq = ?').get(row.seq);
        const forged = { ...row, hash: String(event?.hash ?? row.hash), key_id: theirs.keyId };
        database
          .prepare('UPDATE journal_checkpoints SET hash = ?, key_id = ?, signature = ? WHERE number = ?')
          .run(forged.hash, forged.key_id, theirs.sign(signedText(forged)), row.number);
      }
      database.prepare('UPDATE journal_heads SET checkpoint_key_id = ?').run(theirs.keyId);
    });
    writeFileSync(headsFile(), '');
    const report = await home.verify(publicKey);
    expect(report.valid).toBe(false);
    expect(report.problems.map(({ problem }) => problem)).toContain(
      'checkpoint 2 is not signed by the key in force, or was changed',
    );
  });

  it('is found out on pruning by hand', async () => {
    home.tamper((database) => {
      const base = database.prepare('SELECT hash FROM journal_events WHERE seq = 6').get();
      database.exec('DELETE FROM journal_events WHERE seq <= 6');
      database.exec('DELETE FROM journal_checkpoints WHERE number < 2');
      database.prepare('UPDATE journal_heads SET base_seq = 6, base_hash = ?').run(base?.hash ?? '');
    });
    expect(await home.verify()).toMatchObject({
      valid: false,
      first_bad: { seq: 1, problem: 'events up to 6 are missing and no signed pruning says so' },
    });
  });

  it('cannot hide an open intent', async () => {
    const open = await home.open();
    await open.add({ action: 'object.put_announced' }, { phase: 'intent' });
    await open.close();
    home.tamper((database) => database.exec('DELETE FROM journal_open_intents'));
    expect(await home.verify()).toMatchObject({
      valid: false,
      first_bad: { seq: 13, problem: 'the intent is not settled, but is not listed as open' },
    });
  });
});

describe('the heads file', () => {
  it('is repaired after a write that a crash cut short', async () => {
    const whole = readFileSync(headsFile(), 'utf8');
    writeFileSync(headsFile(), whole.slice(0, -40));
    expect(await home.verify()).toMatchObject({ valid: true, heads_checked: 2, checkpoints_checked: 3 });
    await (await home.open()).close();
    expect(readFileSync(headsFile(), 'utf8')).toBe(whole);
    expect(await home.verify()).toMatchObject({ valid: true, heads_checked: 3 });
  });

  it('is written again when it is lost, and verification says what that costs', async () => {
    const whole = readFileSync(headsFile(), 'utf8');
    writeFileSync(headsFile(), '');
    await (await home.open()).close();
    expect(readFileSync(headsFile(), 'utf8')).toBe(whole);
    rmSync(headsFile());
    const report = await home.verify();
    expect(report).toMatchObject({ valid: true, heads_checked: 0 });
    expect(report.notes).toEqual([expect.stringContaining('The heads file is not there')]);
  });
});
