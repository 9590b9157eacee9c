import type { MetastoreReader } from '../metastore/index.ts';
import type { MetricSource } from './metrics.ts';

/** Totals out of the store, for the scrape: cheap reads of heads and counts, none over events or audit rows. */
export function storeTotals(
  store: MetastoreReader,
): Readonly<Record<'journal' | 'catalog' | 'access' | 'budget', MetricSource>> {
  const { queries } = store;
  return {
    async journal() {
      const heads = await store.read(queries.selectFrom('journal_heads').select(['seq', 'base_seq']));
      const [open] = await store.read(
        queries.selectFrom('journal_open_intents').select((select) => select.fn.countAll().as('count')),
      );
      return {
        events_created: heads.reduce((sum, head) => sum + Number(head.seq), 0),
        events_kept: heads.reduce((sum, head) => sum + Number(head.seq) - Number(head.base_seq), 0),
        open_intents: Number(open?.count ?? 0),
      };
    },
    async catalog() {
      const [row] = await store.read(
        queries
          .selectFrom('catalog_datasets')
          .where('deleted_ms', 'is', null)
          .select((select) => [
            select.fn.countAll().as('datasets'),
            select.fn.sum('record_count').as('rows'),
            select.fn.sum('size_bytes').as('bytes'),
          ]),
      );
      return {
        datasets: Number(row?.datasets ?? 0),
        rows: Number(row?.rows ?? 0),
        bytes: Number(row?.bytes ?? 0),
      };
    },
    async access() {
      const [row] = await store.read(
        queries
          .selectFrom('access_keys')
          .where('revoked_ms', 'is', null)
          .select((select) => select.fn.countAll().as('count')),
      );
      return { keys_not_revoked: Number(row?.count ?? 0) };
    },
    async budget() {
      const [row] = await store.read(
        queries.selectFrom('budget_holds').select((select) => select.fn.countAll().as('count')),
      );
      return { calls_held: Number(row?.count ?? 0) };
    },
  };
}
