import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger, systemClock } from '../base/index.ts';
import type { Metastore } from './metastore.ts';
import { statement } from './metastore.ts';
import { openingRefused } from './sqlite-error.ts';
import { openMetastore, openMetastoreReadOnly } from './sqlite-metastore.ts';

const log = createLogger({ level: 'silent' });
const CRASH_WRITER = fileURLToPath(new URL('./crash-writer.fixture.ts', import.meta.url));

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metastore-faults-'));
  file = join(folder, 'store.db');
});

afterEach(() => rm(folder, { recursive: true }));

function open(commitTimeoutMs = 30_000, at = file): Promise<Metastore> {
  return openMetastore({ file: at, config: { commit_timeout_ms: commitTimeoutMs }, clock: systemClock, log });
}

function put(store: Metastore, key: string, responseBytes = 2) {
  return statement(
    store.queries.insertInto('idempotency_records').values({
      identity: 'ada',
      operation: 'test',
      idempotency_key: key,
      fingerprint: 'f',
      status: 0,
      response_json: 'x'.repeat(responseBytes),
      created_ms: 0,
    }),
  );
}

async function keys(store: Pick<Metastore, 'queries' | 'read'>): Promise<string[]> {
  const rows = await store.read(store.queries.selectFrom('idempotency_records').select('idempotency_key'));
  return rows.map((row) => row.idempotency_key).sort();
}

/** Starts the crash writer and collects its lines until `stop` says so; then kills it, and returns them all. */
async function runCrashWriter(
  command: readonly [string, ...string[]],
  stop: (lines: readonly string[]) => boolean,
): Promise<string[]> {
  const [program, ...args] = command;
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  if (child.stdout === null) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (stop(lines)) child.kill('SIGKILL');
  }
  return lines;
}

const crashWriter = (): [string, ...string[]] => [process.execPath, CRASH_WRITER, file];

function keysOf(lines: readonly string[], outcome: string): string[] {
  return lines.filter((line) => line.startsWith(outcome)).map((line) => line.split(' ').at(-1) ?? '');
}

describe('a store whose process is killed', () => {
  it.each([1, 40, 400])('keeps every acknowledged commit whole, killed after %i', async (acknowledged) => {
    const lines = await runCrashWriter(crashWriter(), (seen) => keysOf(seen, 'kept').length >= acknowledged);
    const store = await open();
    const kept = new Set(await keys(store));
    await store.close();
    for (const key of keysOf(lines, 'kept')) {
      expect(kept.has(`${key}-a`)).toBe(true);
    }
    for (const key of kept) {
      expect(kept.has(`${key.slice(0, -2)}-a`) && kept.has(`${key.slice(0, -2)}-b`)).toBe(true);
    }
  });
});

describe('the lock of a home', () => {
  it('refuses a second opener, of this process and of another', async () => {
    const store = await open();
    await expect(open()).rejects.toMatchObject({ code: 'metastore.home_in_use' });
    const child = spawn(process.execPath, [CRASH_WRITER, file], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    for await (const chunk of child.stderr) said += String(chunk);
    expect(said).toContain('metastore.home_in_use');
    await store.close();
    await (await open()).close();
  });

  it('that cannot be taken is not said to be held', async () => {
    writeFileSync(`${file}.lock`, 'not a database, though long enough to look at'.repeat(100));
    await expect(open()).rejects.toMatchObject({ code: 'metastore.damaged' });
    rmSync(`${file}.lock`);
    mkdirSync(`${file}.lock`);
    await expect(open()).rejects.toMatchObject({
      code: 'metastore.damaged',
      detail: expect.stringContaining('cannot be opened for writing'),
    });
  });

  it('on a full disk says that the disk is full', () => {
    expect(openingRefused({ message: 'database or disk is full', errcode: 13 })).toMatchObject({
      code: 'metastore.storage_full',
    });
  });

  it('is free again when its holder was killed', async () => {
    const refused: unknown[] = [];
    await runCrashWriter(crashWriter(), (seen) => {
      if (seen.length === 1) open().catch((error: unknown) => refused.push(error));
      return refused.length > 0;
    });
    expect(refused).toMatchObject([{ code: 'metastore.home_in_use' }]);
    await (await open()).close();
  });

  it('does not keep a reader out', async () => {
    const store = await open();
    await store.commit([put(store, 'a')]);
    const reader = await openMetastoreReadOnly({ file, config: { commit_timeout_ms: 30_000 } });
    expect(await keys(reader)).toEqual(['a']);
    await reader.close();
    await store.close();
  });
});

describe('a store that does not answer', () => {
  it('says the outcome is unknown, refuses what follows, and recovers', async () => {
    // SQLite waits twice as long for the lock as the caller for the commit: that long the roll-back below may take.
    const store = await open(5_000);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.commit([put(store, 'slow')])).rejects.toMatchObject({
      code: 'metastore.outcome_unknown',
      kind: 'unavailable',
      errorCode: { retryable: true },
    });
    await expect(store.commit([put(store, 'refused')])).rejects.toMatchObject({
      code: 'metastore.unavailable',
    });
    expect(await keys(store)).toEqual([]);
    other.exec('ROLLBACK');
    other.close();
    await committedAtLast(store, 'after');
    // The unknown one was kept this time; the refused one never is.
    expect(await keys(store)).toEqual(['after', 'slow']);
    await store.close();
  });

  it('refuses at once what the lock of another keeps out, when that lasts', async () => {
    const store = await open(100);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.commit([put(store, 'slow')])).rejects.toMatchObject({
      code: 'metastore.outcome_unknown',
    });
    await answersAgain(store);
    other.exec('ROLLBACK');
    other.close();
    await committedAtLast(store, 'after');
    expect(await keys(store)).toEqual(['after']);
    await store.close();
  });

  /** Commits until the store takes one: refused ones return within a turn of the loop. */
  async function committedAtLast(store: Metastore, key: string): Promise<void> {
    for (;;) {
      const taken = await store.commit([put(store, key)]).then(
        () => true,
        () => false,
      );
      if (taken) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Until commits are sent again, whatever becomes of them. */
  async function answersAgain(store: Metastore): Promise<void> {
    for (;;) {
      const code = await store.commit([{ sql: 'SELECT 1', parameters: [] }]).catch((error) => error.code);
      if (code !== 'metastore.unavailable') return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});

describe('a store whose disk is full', () => {
  it('acknowledges nothing it cannot keep, still reads, and recovers when space returns', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
    try {
      const filler = join(disk, 'filler');
      writeFileSync(filler, Buffer.alloc(2_000_000));
      const store = await open(30_000, join(disk, 'store.db'));
      const kept: string[] = [];
      let refusal: unknown;
      for (let number = 0; refusal === undefined; number++) {
        const key = `key-${String(number).padStart(4, '0')}`;
        await store.commit([put(store, key, 30_000)]).then(
          () => kept.push(key),
          (error: unknown) => {
            refusal = error;
          },
        );
      }
      expect(refusal).toMatchObject({ code: 'metastore.storage_full', kind: 'storage_full' });
      await expect(store.commit([put(store, 'also', 30_000)])).rejects.toMatchObject({
        code: 'metastore.storage_full',
      });
      expect(await keys(store)).toEqual(kept);
      rmSync(filler);
      expect(await store.commit([put(store, 'later', 30_000)])).toMatchObject({ committed: true });
      await store.close();
      const again = await open(30_000, join(disk, 'store.db'));
      expect(await keys(again)).toEqual([...kept, 'later']);
      await again.close();
    } finally {
      // A connection that was refused may be closed a moment later.
      execFileSync('umount', ['-l', disk]);
    }
  });
});

describe('a store whose writes fail', () => {
  it('acknowledges nothing, and keeps what it acknowledged before', async () => {
    const limited: [string, ...string[]] = ['sh', '-c', 'ulimit -f 2000 && exec "$0" "$@"', ...crashWriter()];
    const lines = await runCrashWriter(limited, (seen) => keysOf(seen, 'failed').length >= 20);
    const failures = new Set(keysOf(lines, 'failed'));
    expect(lines.filter((line) => line.startsWith('failed'))[0]).toContain('failed metastore.unavailable');
    const store = await open();
    const kept = new Set((await keys(store)).map((key) => key.slice(0, -2)));
    await store.close();
    expect(keysOf(lines, 'kept').length).toBeGreaterThan(0);
    for (const key of keysOf(lines, 'kept')) expect(kept.has(key)).toBe(true);
    for (const key of failures) expect(kept.has(key)).toBe(false);
  });
});

describe('a store of another program', () => {
  /** Opens, changes and closes the store’s file behind its back. */
  async function change(sql: string): Promise<void> {
    await (await open()).close();
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
  }

  it('refuses a migration it does not know', async () => {
    await change(`INSERT INTO schema_migrations VALUES ('9999-future', 'x', 0)`);
    await expect(open()).rejects.toMatchObject({
      code: 'metastore.newer_store',
      detail: expect.stringContaining('9999-future'),
    });
  });

  it('refuses a migration that was edited', async () => {
    await change(`UPDATE schema_migrations SET checksum = 'x' WHERE name = '0001-door'`);
    await expect(open()).rejects.toMatchObject({
      code: 'metastore.migration_edited',
      detail: expect.stringContaining('0001-door'),
    });
  });

  it('does not migrate when it only reads', async () => {
    await change(`DELETE FROM schema_migrations WHERE name = '0001-door'`);
    await expect(
      openMetastoreReadOnly({ file, config: { commit_timeout_ms: 30_000 } }),
    ).rejects.toMatchObject({ code: 'metastore.older_store', detail: expect.stringContaining('0001-door') });
  });

  it.runIf(process.getuid?.() === 0)('says of a store on a read-only disk that it is that', async () => {
    await (await open()).close();
    const disk = join(folder, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['--bind', folder, disk]);
    try {
      execFileSync('mount', ['-o', 'remount,bind,ro', disk]);
      const there = { file: join(disk, 'store.db'), config: { commit_timeout_ms: 30_000 } };
      const said = { code: 'metastore.damaged', detail: expect.stringContaining('read-only') };
      await expect(openMetastoreReadOnly(there)).rejects.toMatchObject(said);
      await expect(open(1_000, there.file)).rejects.toMatchObject(said);
    } finally {
      // A connection that was refused may be closed a moment later.
      execFileSync('umount', ['-l', disk]);
    }
  });

  it.runIf(process.getuid?.() === 0)(
    'says so of one whose log was left there too, by a crash or a copy of a running home',
    async () => {
      const store = await open();
      const disk = join(folder, 'disk');
      await mkdir(disk);
      for (const name of readdirSync(folder)) {
        if (name.startsWith('store.db')) copyFileSync(join(folder, name), join(disk, name));
      }
      await store.close();
      expect(readdirSync(disk)).toContain('store.db-shm');
      execFileSync('mount', ['--bind', disk, disk]);
      try {
        execFileSync('mount', ['-o', 'remount,bind,ro', disk]);
        await expect(open(1_000, join(disk, 'store.db'))).rejects.toMatchObject({
          code: 'metastore.damaged',
          detail: expect.stringMatching(/read-only.*mount it writable/),
        });
      } finally {
        execFileSync('umount', ['-l', disk]);
      }
      await (await open(1_000, join(disk, 'store.db'))).close();
    },
  );

  it('refuses a file that is no store, and a folder that is not there', async () => {
    writeFileSync(file, 'not a database, though long enough to look at'.repeat(100));
    await expect(open()).rejects.toMatchObject({ code: 'metastore.damaged' });
    await expect(open(1_000, join(folder, 'absent', 'store.db'))).rejects.toMatchObject({
      code: 'metastore.damaged',
    });
    // Nothing holds the lock after a refusal.
    rmSync(file);
    await (await open()).close();
  });
});
