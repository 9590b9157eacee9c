import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Statement } from '../base/index.ts';
import { sha256Hex } from '../base/index.ts';
import type { CommitOutcome, Metastore } from './metastore.ts';
import { statement } from './metastore.ts';

/** One store under test, on a fresh place of its own. */
export interface StoreUnderTest {
  readonly store: Metastore;
  /** Closes the store and opens it again on the same place. */
  reopen(): Promise<Metastore>;
  /** Opens what `backup` wrote. */
  openBackup(file: string): Promise<Metastore>;
  /** A file name for a backup. */
  readonly backupFile: string;
  dispose(): Promise<void>;
}

/** What every implementation of `Metastore` must do, whatever its dialect. */
export function describeMetastore(name: string, openStore: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a metastore`, () => {
    let tested: StoreUnderTest;
    let store: Metastore;

    beforeEach(async () => {
      tested = await openStore();
      ({ store } = tested);
    });

    afterEach(() => tested.dispose());

    const put = (key: string, status = 0): Statement =>
      statement(
        store.queries.insertInto('idempotency_records').values({
          identity: 'ada',
          operation: 'test',
          idempotency_key: key,
          fingerprint: 'f',
          status,
          response_json: '{}',
          created_ms: 1_700_000_000_000,
        }),
        { rows: 1, refusal: 'key_taken' },
      );

    /** Counts the row on, if it stands at `from`. */
    const count = (key: string, from: number): Statement =>
      statement(
        store.queries
          .updateTable('idempotency_records')
          .set({ status: from + 1 })
          .where('idempotency_key', '=', key)
          .where('status', '=', from),
        { rows: 1, refusal: 'counted_by_another' },
      );

    async function keys(from: Metastore = store): Promise<string[]> {
      const query = from.queries.selectFrom('idempotency_records').select('idempotency_key');
      return (await from.read(query.orderBy('idempotency_key'))).map((row) => row.idempotency_key);
    }

    async function statusOf(key: string): Promise<number | undefined> {
      const query = store.queries.selectFrom('idempotency_records').select('status');
      return (await store.read(query.where('idempotency_key', '=', key)))[0]?.status;
    }

    const committed = (outcome: CommitOutcome) => outcome.committed;

    it('reads what a commit wrote, with integers and text as they were', async () => {
      expect(await store.commit([put('a', 7)])).toMatchObject({ committed: true });
      const rows = await store.read(store.queries.selectFrom('idempotency_records').selectAll());
      expect(rows).toEqual([
        {
          identity: 'ada',
          operation: 'test',
          idempotency_key: 'a',
          fingerprint: 'f',
          status: 7,
          response_json: '{}',
          headers_json: '{}',
          created_ms: 1_700_000_000_000,
        },
      ]);
    });

    it('answers with the rows a statement returns, by statement', async () => {
      const query = store.queries
        .updateTable('idempotency_records')
        .set({ status: sql<number>`status + 1` })
        .where('idempotency_key', '=', 'a')
        .returning('status');
      const outcome = await store.commit([put('a', 4), statement(query, { rows: 1, refusal: 'absent' })]);
      expect(outcome).toEqual({ committed: true, rows: [[], [{ status: 5 }]] });
    });

    it('leaves nothing of a batch whose guard refuses, whatever ran before it', async () => {
      await store.commit([put('a')]);
      const outcome = await store.commit([put('b'), count('a', 0), count('a', 0), put('c')]);
      expect(outcome).toEqual({ committed: false, refusal: 'counted_by_another' });
      expect(await keys()).toEqual(['a']);
      expect(await statusOf('a')).toBe(0);
    });

    it('takes a SELECT as a guard', async () => {
      const present = store.queries
        .selectFrom('idempotency_records')
        .select('status')
        .where('status', '=', 3);
      const guard = { rows: 1, refusal: 'no_such_status' };
      expect(await store.commit([statement(present, guard), put('b')])).toEqual({
        committed: false,
        refusal: 'no_such_status',
      });
      await store.commit([put('a', 3)]);
      expect(await store.commit([statement(present, guard), put('b')])).toMatchObject({ committed: true });
    });

    it('refuses a second row of one key under the guard’s name, or as a constraint', async () => {
      await store.commit([put('a')]);
      expect(await store.commit([put('b'), put('a')])).toEqual({ committed: false, refusal: 'key_taken' });
      const { sql: text, parameters } = put('a');
      expect(await store.commit([{ sql: text, parameters }])).toEqual({
        committed: false,
        refusal: 'constraint',
      });
      expect(await keys()).toEqual(['a']);
    });

    it('does not let a refused or failing batch touch its neighbours of the same commit', async () => {
      const outcomes = await Promise.allSettled([
        store.commit([put('a')]),
        store.commit([put('b'), put('a')]),
        store.commit([put('c'), { sql: 'UPDATE no_such_table SET x = 1', parameters: [] }]),
        store.commit([put('d'), { sql: put('e').sql, parameters: [{}, 1, 2, 3, 4, 5, 6] }]),
        store.commit([put('f')]),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'rejected',
        'fulfilled',
      ]);
      expect(outcomes[2]).toMatchObject({ reason: { code: 'metastore.statement_failed' } });
      expect(outcomes[3]).toMatchObject({ reason: { code: 'metastore.statement_failed' } });
      expect(await keys()).toEqual(['a', 'f']);
    });

    it.each([
      ['undefined', undefined],
      ['a function', () => 1],
      ['an object', {}],
      ['not a number', Number.NaN],
      ['infinity', Number.POSITIVE_INFINITY],
    ])('refuses %s as a value, alone', async (_, value) => {
      const { sql: text, parameters } = put('a');
      const outcomes = await Promise.allSettled([
        store.commit([{ sql: text, parameters: parameters.with(4, value) }]),
        store.commit([put('b')]),
      ]);
      expect(outcomes).toMatchObject([
        { status: 'rejected', reason: { code: 'metastore.statement_failed' } },
        { status: 'fulfilled', value: { committed: true } },
      ]);
      expect(await keys()).toEqual(['b']);
    });

    it('applies batches in the order of the calls', async () => {
      await store.commit([put('n')]);
      const steps = Array.from({ length: 200 }, (_, from) => store.commit([count('n', from)]));
      expect((await Promise.all(steps)).every(committed)).toBe(true);
      expect(await statusOf('n')).toBe(200);
    });

    it('loses none of 100 concurrent compare-and-swap writers', async () => {
      await store.commit([put('n')]);
      let losses = 0;
      async function add(): Promise<void> {
        for (;;) {
          const from = (await statusOf('n')) ?? 0;
          if ((await store.commit([count('n', from)])).committed) return;
          losses += 1;
        }
      }
      await Promise.all(Array.from({ length: 100 }, add));
      expect(await statusOf('n')).toBe(100);
      expect(losses).toBeGreaterThan(0);
    });

    it('computes SHA-256 in SQL as it is computed here', async () => {
      for (const text of ['', 'abc', 'Ü – 🜁 – \u0007', 'x'.repeat(10_000)]) {
        const query = store.queries.selectNoFrom(store.dialect.sha256(sql<string>`${text}`).as('digest'));
        expect(await store.read(query)).toEqual([{ digest: sha256Hex(text) }]);
      }
    });

    it('refuses a query it does not take, and goes on', async () => {
      const broken = store.queries.selectFrom('idempotency_records').select(sql`no_such_column`.as('x'));
      await expect(store.read(broken)).rejects.toMatchObject({ code: 'metastore.statement_failed' });
      expect(await keys()).toEqual([]);
    });

    it('keeps what was committed when it is opened again', async () => {
      await Promise.all(['a', 'b', 'c'].map((key) => store.commit([put(key)])));
      store = await tested.reopen();
      expect(await keys()).toEqual(['a', 'b', 'c']);
    });

    it('copies a consistent state while it is written to', async () => {
      await store.commit([put('left', 0), put('right', 0)]);
      const steps = (async () => {
        for (let from = 0; from < 150; from++)
          await store.commit([count('left', from), count('right', from)]);
      })();
      await store.backup(tested.backupFile);
      await steps;
      const copy = await tested.openBackup(tested.backupFile);
      const rows = await copy.read(copy.queries.selectFrom('idempotency_records').select('status'));
      await copy.close();
      expect(rows).toHaveLength(2);
      expect(rows[0]).toEqual(rows[1]);
    });

    it('finishes what was called before it is closed, and refuses what comes after', async () => {
      const last = store.commit([put('last')]);
      const closing = store.close();
      await expect(store.commit([put('late')])).rejects.toMatchObject({ code: 'metastore.unavailable' });
      expect(await last).toMatchObject({ committed: true });
      await closing;
      await expect(
        store.read(store.queries.selectFrom('idempotency_records').selectAll()),
      ).rejects.toMatchObject({
        code: 'metastore.unavailable',
      });
      store = await tested.reopen();
      expect(await keys()).toEqual(['last']);
    });
  });
}
