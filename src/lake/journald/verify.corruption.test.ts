import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type VerifyReport, verifyOffline } from './index.ts';
import { ADA, type JournalHome, journalHome } from './journald.fixture.ts';

/** One change made behind the journal's back. */
type Corruption =
  | {
      readonly kind: 'column';
      readonly table: string;
      readonly column: string;
      readonly row: number;
      readonly at: number;
    }
  | { readonly kind: 'delete' | 'truncate' | 'truncate_with_head'; readonly row: number }
  | { readonly kind: 'swap'; readonly row: number; readonly other: number }
  | { readonly kind: 'insert'; readonly row: number }
  | { readonly kind: 'heads_byte'; readonly at: number; readonly bit: number }
  | { readonly kind: 'heads_delete' | 'heads_swap'; readonly row: number }
  | { readonly kind: 'checkpoint_delete'; readonly row: number };

const EVENT_COLUMNS = [
  ...[
    'id',
    'writer',
    'seq',
    'time_ms',
    'action',
    'subject',
    'identity',
    'on_behalf_of',
    'key_id',
    'operation',
  ],
  ...['door', 'request_id', 'phase', 'intent_id', 'policy_version', 'record', 'prev_hash', 'hash'],
];
const HEAD_COLUMNS = [
  'writer',
  'seq',
  'last_id',
  'prev_hash',
  'hash',
  'base_seq',
  'base_hash',
  'checkpoint_key_id',
];
const CHECKPOINT_COLUMNS = ['writer', 'number', 'seq', 'hash', 'time_ms', 'previous', 'key_id', 'signature'];

const columnOf = (table: string, columns: readonly string[]) =>
  fc.record({
    kind: fc.constant('column' as const),
    table: fc.constant(table),
    column: fc.constantFrom(...columns),
    row: fc.nat(),
    at: fc.nat(),
  });

const corruption: fc.Arbitrary<Corruption> = fc.oneof(
  { weight: 6, arbitrary: columnOf('journal_events', EVENT_COLUMNS) },
  { weight: 2, arbitrary: columnOf('journal_checkpoints', CHECKPOINT_COLUMNS) },
  { weight: 1, arbitrary: columnOf('journal_heads', HEAD_COLUMNS) },
  fc.record({ kind: fc.constantFrom('delete', 'truncate', 'truncate_with_head'), row: fc.nat() }),
  fc.record({ kind: fc.constant('swap' as const), row: fc.nat(), other: fc.nat() }),
  fc.record({ kind: fc.constant('insert' as const), row: fc.nat() }),
  fc.record({ kind: fc.constant('heads_byte' as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ kind: fc.constantFrom('heads_delete', 'heads_swap'), row: fc.nat() }),
  fc.record({ kind: fc.constant('checkpoint_delete' as const), row: fc.nat() }),
);

const EVENTS = 23;

/** A closed home with 23 events, fully signed, and checkpoints between; changed in copies. */
let original: JournalHome;

beforeAll(async () => {
  original = await journalHome({ checkpoint_every_events: 4 });
  const open = await original.open();
  for (let number = 1; number <= EVENTS; number++) {
    const agent = { ...ADA, name: 'agent', role: 'agent', onBehalfOf: ADA };
    await open.add(
      { action: number % 2 === 0 ? 'object.put' : 'dataset.ingested', data: { number, text: 'é€🜁' } },
      number % 5 === 0 ? { identity: agent } : {},
    );
    // One at a time, so that the checkpoints stand where they are told to.
    if (number % 4 === 0) await open.journald.stop();
  }
  await open.close();
});

afterAll(() => original.dispose());

/** The report on a copy of the home after `change`, which returns false where it changed nothing. */
async function reportOf(
  change: (copy: { database: DatabaseSync; headsFile: string }) => boolean,
): Promise<VerifyReport | null> {
  const home = mkdtempSync(join(tmpdir(), 'journald-copy-'));
  try {
    cpSync(join(original.home, 'keys'), join(home, 'keys'), { recursive: true });
    const storeFile = join(home, 'store.db');
    copyFileSync(original.storeFile, storeFile);
    const headsFile = join(home, original.config.journal.heads_file);
    copyFileSync(join(original.home, original.config.journal.heads_file), headsFile);
    const database = new DatabaseSync(storeFile, { enableForeignKeyConstraints: false });
    const changed = change({ database, headsFile });
    database.close();
    return changed ? await verifyOffline({ home, storeFile, config: original.config }) : null;
  } finally {
    rmSync(home, { recursive: true });
  }
}

/** What the report must name: the sequence number where known, else any place. */
function apply(
  corrupted: Corruption,
  copy: { database: DatabaseSync; headsFile: string },
): { changed: boolean; seq: number | null } {
  const { database } = copy;
  const count = (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  const seqOf = (row: number) => (row % EVENTS) + 1;
  switch (corrupted.kind) {
    case 'column':
      return changeColumn(database, corrupted, count(corrupted.table));
    case 'delete':
      database.prepare('DELETE FROM journal_events WHERE seq = ?').run(seqOf(corrupted.row));
      return { changed: true, seq: seqOf(corrupted.row) };
    case 'truncate':
      database.prepare('DELETE FROM journal_events WHERE seq >= ?').run(seqOf(corrupted.row));
      return { changed: true, seq: seqOf(corrupted.row) };
    case 'truncate_with_head':
      return cutWithHead(database, seqOf(corrupted.row));
    case 'swap':
      return swap(database, seqOf(corrupted.row), seqOf(corrupted.other));
    case 'insert':
      return insert(database, seqOf(corrupted.row));
    case 'heads_byte': {
      const bytes = readFileSync(copy.headsFile);
      const at = corrupted.at % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << corrupted.bit);
      writeFileSync(copy.headsFile, bytes);
      return { changed: true, seq: null };
    }
    case 'heads_delete':
    case 'heads_swap': {
      const lines = readFileSync(copy.headsFile, 'utf8').trimEnd().split('\n');
      // The last line may be missing after a crash, so that its loss is no sign of anything.
      const at = corrupted.row % (lines.length - 1);
      const [line = ''] = lines.splice(at, 1);
      if (corrupted.kind === 'heads_swap') lines.splice(at + 1, 0, line);
      writeFileSync(copy.headsFile, `${lines.join('\n')}\n`);
      return { changed: true, seq: null };
    }
    case 'checkpoint_delete': {
      const number = (corrupted.row % count('journal_checkpoints')) + 1;
      database.prepare('DELETE FROM journal_checkpoints WHERE number = ?').run(number);
      return { changed: true, seq: null };
    }
  }
}

function changeColumn(
  database: DatabaseSync,
  { table, column, row, at }: Corruption & { kind: 'column' },
  rows: number,
): { changed: boolean; seq: number | null } {
  const offset = row % rows;
  const found = database
    .prepare(`SELECT rowid AS place, * FROM ${table} ORDER BY rowid LIMIT 1 OFFSET ${offset}`)
    .get();
  const value = found?.[column];
  const place = Number(found?.place);
  let changed: string | number;
  if (typeof value === 'number') changed = value + (at % 2 === 0 ? 1_000 : -1_000);
  else if (typeof value !== 'string' || value.length === 0) changed = 'x';
  else {
    const position = at % value.length;
    // The lowest bit of one code unit: a digit stays a digit, a letter a letter.
    const unit = String.fromCharCode(value.charCodeAt(position) ^ 1);
    changed = value.slice(0, position) + unit + value.slice(position + 1);
    if (!changed.isWellFormed()) changed = `${value}x`;
  }
  database.prepare(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`).run(changed, place);
  return { changed: true, seq: table === 'journal_events' ? Number(found?.seq) : null };
}

/** The cut that also sets the head back, so that only what was signed shows it. */
function cutWithHead(database: DatabaseSync, from: number): { changed: boolean; seq: number | null } {
  const last = database.prepare('SELECT id, prev_hash, hash FROM journal_events WHERE seq = ?').get(from - 1);
  database.prepare('DELETE FROM journal_events WHERE seq >= ?').run(from);
  const zero = '0'.repeat(64);
  database
    .prepare('UPDATE journal_heads SET seq = ?, last_id = ?, prev_hash = ?, hash = ?')
    .run(from - 1, last?.id ?? '', last?.prev_hash ?? zero, last?.hash ?? zero);
  return { changed: true, seq: from };
}

/** Two events change places; each keeps everything but its sequence number. */
function swap(database: DatabaseSync, one: number, other: number): { changed: boolean; seq: number | null } {
  if (one === other) return { changed: false, seq: null };
  const move = database.prepare('UPDATE journal_events SET seq = ? WHERE seq = ?');
  move.run(-1, one);
  move.run(one, other);
  move.run(other, -1);
  return { changed: true, seq: Math.min(one, other) };
}

/** A copy of an event under a new id, at the end. */
function insert(database: DatabaseSync, seq: number): { changed: boolean; seq: number | null } {
  const columns = EVENT_COLUMNS.join(', ');
  const values = EVENT_COLUMNS.map((name) =>
    name === 'id' ? `'ffff' || id` : name === 'seq' ? String(EVENTS + 1) : name,
  );
  database.exec(
    `INSERT INTO journal_events (${columns}) SELECT ${values.join(', ')} FROM journal_events WHERE seq = ${seq}`,
  );
  return { changed: true, seq: EVENTS + 1 };
}

describe('verification of a journal that was changed (F-3)', () => {
  it('finds nothing in one that was not', async () => {
    expect(await reportOf(() => true)).toMatchObject({
      valid: true,
      events_checked: EVENTS,
      checkpoints_checked: 7,
      heads_checked: 7,
      unsigned_events: 0,
      problems: [],
    });
  });

  it('names the place of any single corruption', async () => {
    await fc.assert(
      fc.asyncProperty(corruption, async (corrupted) => {
        let seq: number | null = null;
        const report = await reportOf((copy) => {
          const applied = apply(corrupted, copy);
          ({ seq } = applied);
          return applied.changed;
        });
        fc.pre(report !== null);
        expect(report?.valid).toBe(false);
        expect(report?.first_bad).not.toBeNull();
        if (seq !== null) expect(report?.first_bad?.seq).toBe(seq);
      }),
      { numRuns: 80 },
    );
  });

  it('names the last line of the heads file where it became one of another writer', async () => {
    const report = await reportOf(({ headsFile }) => {
      const text = readFileSync(headsFile, 'utf8');
      const at = text.lastIndexOf('"writer":"main"');
      writeFileSync(headsFile, `${text.slice(0, at)}"writer":"lain"${text.slice(at + 15)}`);
      return at >= 0;
    });
    expect(report?.first_bad).toMatchObject({
      seq: EVENTS,
      place: 'heads_file',
      problem: 'line 7: the store has no events of its writer',
    });
  });

  it.each(HEAD_COLUMNS)('finds that the head’s column %s was changed', async (column) => {
    const report = await reportOf(
      ({ database }) =>
        changeColumn(database, { kind: 'column', table: 'journal_heads', column, row: 0, at: 0 }, EVENTS)
          .changed,
    );
    expect(report?.valid).toBe(false);
  });

  it.each(EVENT_COLUMNS)('names the event whose column %s was changed', async (column) => {
    const report = await reportOf(({ database }) => {
      return changeColumn(
        database,
        { kind: 'column', table: 'journal_events', column, row: 9, at: 3 },
        EVENTS,
      ).changed;
    });
    expect(report?.first_bad).toMatchObject({ seq: 10, place: 'event' });
  });

  it.each([
    ['another type', 'UPDATE journal_events SET record = CAST(record AS BLOB) WHERE seq = 5'],
    [
      'a number JavaScript cannot hold',
      'UPDATE journal_events SET time_ms = 9223372036854775807 WHERE seq = 5',
    ],
    ['a fraction', 'UPDATE journal_events SET policy_version = 1.5 WHERE seq = 5'],
    ['nothing', `UPDATE journal_events SET record = '' WHERE seq = 5`],
    ['a sequence number that is no number', `UPDATE journal_events SET seq = 'five' WHERE seq = 5`],
    ['a sequence number between two', 'UPDATE journal_events SET seq = 5.5 WHERE seq = 5'],
  ])('names the event where a value became %s', async (_, sql) => {
    const report = await reportOf(({ database }) => {
      database.exec(sql);
      return true;
    });
    expect(report?.first_bad).toMatchObject({ seq: 5, place: 'event' });
  });

  it('names the events of pages of the store’s file that were overwritten', async () => {
    const report = await reportOf(({ database }) => {
      const file = String(database.location());
      const root = Number(
        database.prepare(`SELECT rootpage FROM sqlite_master WHERE name = 'journal_events'`).get()?.rootpage,
      );
      const { page_size: pageSize } = database.prepare('PRAGMA page_size').get() as { page_size: number };
      const bytes = readFileSync(file);
      // The root of the table is an inner page; its first child holds the first events.
      const header = (root - 1) * pageSize;
      const cell = bytes.readUInt16BE(header + 12);
      const child = bytes.readUInt32BE(header + cell);
      bytes.fill(0xff, (child - 1) * pageSize, child * pageSize);
      writeFileSync(file, bytes);
      return true;
    });
    expect(report?.valid).toBe(false);
    expect(report?.first_bad).toMatchObject({
      seq: 1,
      place: 'event',
      problem: expect.stringContaining('damaged'),
    });
  });
});
