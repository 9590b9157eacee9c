import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger, systemClock } from '../../base/index.ts';
import { type Metastore, openMetastore } from '../../metastore/index.ts';
import type { SpendOutcome } from '../scope/index.ts';
import { type Budget, createBudget } from './budget.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 20_000 * DAY_MS;
const ADA = { name: 'ada', role: 'analyst', attributes: new Map(), keyId: 'k', onBehalfOf: null };
const PLAN = { provider: 'p', model: 'p/m', task: 'chat', rule: null, costNanoUsd: 700, tokens: 30 };
const DONE: SpendOutcome = {
  ...{ status: 'ok', errorClass: null, finish: 'stop', costNanoUsd: 500, latencyMs: 1, firstTokenMs: null },
  ...{ inputTokens: 1, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 1, reasoningTokens: 0 },
};

let folder: string;
let store: Metastore;
let budget: Budget;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-budget-'));
  store = await openMetastore({
    file: join(folder, 'store.db'),
    config: { commit_timeout_ms: 60_000 },
    clock: systemClock,
    log: createLogger({ level: 'silent' }),
  });
  const limits = [{ unit: 'usd_hour', amount: 10_000 }] as const;
  const all = { name: 'all', when: {}, per: [], limits, perRequestNanoUsd: null };
  budget = createBudget({ reader: store, ceilings: [all] });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const hold = (spendId: string, nowMs: number) =>
  budget.hold({ spendId, requestId: `r-${spendId}`, identity: ADA, plan: PLAN, nowMs });
const calls = () => store.read(store.queries.selectFrom('model_calls').select('spend_id'));
const windows = () =>
  store.read(store.queries.selectFrom('budget_windows').select(['spent', 'held', 'window_start_ms']));

test('a hold that was never committed, or was settled, cannot be settled', async () => {
  const never = hold('never', NOW_MS);
  expect(await store.commit(budget.settle(never, DONE))).toEqual({
    committed: false,
    refusal: 'budget_window_missing',
  });
  const held = hold('held', NOW_MS);
  expect((await store.commit(held.statements)).committed).toBe(true);
  expect((await store.commit(budget.settle(held, DONE))).committed).toBe(true);
  expect(await store.commit(budget.settle(held, DONE))).toEqual({
    committed: false,
    refusal: 'budget_hold_missing',
  });
  expect(await windows()).toEqual([{ spent: 500, held: 0, window_start_ms: NOW_MS }]);
  expect(await calls()).toEqual([{ spend_id: 'held' }]);
});

test('upkeep forgets old records and windows, none of them at 0 days, and never a window that holds', async () => {
  const old = hold('old', NOW_MS);
  await store.commit(old.statements);
  await store.commit(budget.settle(old, DONE));
  const open = hold('open', NOW_MS + 3_600_000);
  await store.commit(open.statements);
  const later = NOW_MS + 400 * DAY_MS;
  await store.commit(budget.retention(later, 0));
  expect(await calls()).toHaveLength(1);
  expect(await windows()).toEqual([{ spent: 0, held: 700, window_start_ms: NOW_MS + 3_600_000 }]);
  await store.commit(budget.retention(later, 500));
  expect(await calls()).toHaveLength(1);
  await store.commit(budget.retention(later, 30));
  expect(await calls()).toEqual([]);
  expect((await store.commit(budget.settle(open, DONE))).committed).toBe(true);
});
