import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom, seedOfRun } from '../../../test/faults/seeded-random.ts';
import { createLogger, isLakeError, systemClock } from '../../base/index.ts';
import { type Metastore, openMetastore } from '../../metastore/index.ts';
import type { SpendOutcome, SpendPlan } from '../scope/index.ts';
import { settleAbandoned } from './abandoned-holds.ts';
import { type Budget, createBudget, type Hold } from './budget.ts';
import type { Ceiling } from './ceiling.ts';

// M-3 at the edges of time and of the settings: hours and days end while calls are held, the clock is set back, and ceilings
// are changed, taken away and added between two starts. No window is ever passed, and none keeps a hold.

const SEED = seedOfRun();
console.log(`seed ${SEED} (LAKEHOUSE_SEED replays it)`);

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ADA = { name: 'ada', role: 'analyst', attributes: new Map(), keyId: 'k', onBehalfOf: null };

let folder: string;
let store: Metastore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-budget-'));
  store = await openMetastore({
    file: join(folder, 'store.db'),
    config: { commit_timeout_ms: 60_000 },
    clock: systemClock,
    log: createLogger({ level: 'silent' }),
  });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const windows = () =>
  store.read(
    store.queries
      .selectFrom('budget_windows')
      .select(['ceiling', 'unit', 'window_start_ms', 'spent', 'held'])
      .orderBy('window_start_ms')
      .orderBy('unit'),
  );

function plan(costNanoUsd: number): SpendPlan {
  return { provider: 'p', model: 'p/m', task: 'chat', rule: null, costNanoUsd, tokens: 10 };
}

function used(costNanoUsd: number): SpendOutcome {
  return {
    ...{ status: 'ok', errorClass: null, finish: 'stop', costNanoUsd, latencyMs: 1, firstTokenMs: null },
    ...{ inputTokens: 4, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 2, reasoningTokens: 0 },
  };
}

function ceiling(name: string, limits: Ceiling['limits']): Ceiling {
  return { name, when: {}, per: [], limits, perRequestNanoUsd: null };
}

/** Holds, or says by which code it may not. */
async function held(budget: Budget, spendId: string, cost: number, nowMs: number): Promise<Hold | string> {
  try {
    const hold = budget.hold({ spendId, requestId: 'r', identity: ADA, plan: plan(cost), nowMs });
    const outcome = await store.commit(hold.statements);
    return outcome.committed ? hold : (await budget.refusal(hold, outcome.refusal)).code;
  } catch (error) {
    if (isLakeError(error)) return error.code;
    throw error;
  }
}

async function settle(budget: Budget, hold: Hold | string, cost: number): Promise<void> {
  if (typeof hold === 'string') throw new Error(`not held: ${hold}`);
  expect((await store.commit(budget.settle(hold, used(cost)))).committed).toBe(true);
}

test('a call is charged to the hour and the day it was held in, however late it ends', async () => {
  const limits = [
    { unit: 'usd_hour', amount: 100 },
    { unit: 'usd_day', amount: 150 },
  ] as const;
  const budget = createBudget({ reader: store, ceilings: [ceiling('c', limits)] });
  const midnight = 20_000 * DAY_MS;
  const last = await held(budget, 'last', 80, midnight - 1);
  expect(await held(budget, 'full', 30, midnight - 1)).toBe('budget.busy');
  const first = await held(budget, 'first', 90, midnight);
  await settle(budget, last, 70);
  expect(await windows()).toEqual([
    expect.objectContaining({ unit: 'usd_day', window_start_ms: midnight - DAY_MS, spent: 70, held: 0 }),
    expect.objectContaining({ unit: 'usd_hour', window_start_ms: midnight - 3_600_000, spent: 70, held: 0 }),
    expect.objectContaining({ unit: 'usd_day', window_start_ms: midnight, spent: 0, held: 90 }),
    expect.objectContaining({ unit: 'usd_hour', window_start_ms: midnight, spent: 0, held: 90 }),
  ]);
  await settle(budget, first, 90);
  // The clock is set back over midnight: the day before still knows what it has spent.
  expect(await held(budget, 'back', 40, midnight - 1)).toBe('budget.exhausted');
  await settle(budget, await held(budget, 'fits', 30, midnight - 1), 30);
  // An hour later the hour is new and the day is not.
  expect(await held(budget, 'day', 61, midnight + 3_600_000)).toBe('budget.exhausted');
  await settle(budget, await held(budget, 'rest', 60, midnight + 3_600_000), 60);
});

test('what a ceiling allows is allowed to the last nano-dollar: of a request, and of a window', async () => {
  const limits = [{ unit: 'usd_hour', amount: 100 }] as const;
  const budget = createBudget({
    reader: store,
    ceilings: [{ ...ceiling('c', limits), perRequestNanoUsd: 60 }],
  });
  expect(await held(budget, 'dear', 61, 20_000 * DAY_MS)).toBe('budget.request_too_large');
  expect(typeof (await held(budget, 'first', 60, 20_000 * DAY_MS))).toBe('object');
  expect(await held(budget, 'over', 41, 20_000 * DAY_MS)).toBe('budget.busy');
  expect(typeof (await held(budget, 'rest', 40, 20_000 * DAY_MS))).toBe('object');
});

test('a ceiling that is gone, lowered or new when the server starts again leaves no hold behind', async () => {
  const hour = (amount: number) => [{ unit: 'usd_hour', amount }] as const;
  const nowMs = 20_000 * DAY_MS + 30 * MINUTE_MS;
  const before = createBudget({
    reader: store,
    ceilings: [ceiling('gone', hour(100)), ceiling('lowered', hour(100))],
  });
  for (const name of ['one', 'two']) expect(typeof (await held(before, name, 40, nowMs))).toBe('object');

  const after = createBudget({
    reader: store,
    ceilings: [ceiling('lowered', hour(60)), ceiling('new', hour(50))],
  });
  // Held before, and more than it allows now: nothing more is taken, and it is not said to be empty.
  expect(await held(after, 'early', 1, nowMs)).toBe('budget.busy');
  const abandoned = await settleAbandoned(store);
  expect((await store.commit(abandoned?.statements ?? [])).committed).toBe(true);
  expect(await windows()).toEqual([
    expect.objectContaining({ ceiling: 'gone', spent: 80, held: 0 }),
    expect.objectContaining({ ceiling: 'lowered', spent: 80, held: 0 }),
  ]);
  expect(await held(after, 'over', 1, nowMs)).toBe('budget.exhausted');
  // The next hour is as large as the ceilings are now.
  const next = nowMs + 60 * MINUTE_MS;
  expect(await held(after, 'large', 51, next)).toBe('budget.request_too_large');
  await settle(after, await held(after, 'fits', 50, next), 50);
});

test.each([0, 1, 2])(
  'no window is passed by holds over edges of time and starts, schedule %i',
  async (at) => {
    const random = seededRandom(SEED + at);
    const below = (bound: number) => Math.floor(random() * bound);
    const someCeilings = (): readonly Ceiling[] =>
      ['a', 'b', 'c']
        .filter(() => random() < 0.7)
        .map((name) =>
          ceiling(
            name,
            (['usd_hour', 'usd_day', 'tokens_hour', 'requests_hour'] as const).flatMap((unit) =>
              random() < 0.6 ? [{ unit, amount: (unit === 'usd_day' ? 400 : 100) + below(200) }] : [],
            ),
          ),
        );
    let budget = createBudget({ reader: store, ceilings: someCeilings() });
    let nowMs = 20_000 * DAY_MS - 5 * MINUTE_MS;
    let open: { readonly hold: Hold; readonly cost: number }[] = [];
    let [admitted, refused, charged] = [0, 0, 0];
    for (let step = 0; step < 400; step++) {
      // Mostly on, by up to half an hour; now and then back.
      nowMs += (below(60) - 10) * 30_000;
      const cost = 1 + below(60);
      const taken = await held(budget, `s${step}`, cost, nowMs);
      if (typeof taken === 'string') refused++;
      else {
        admitted++;
        open.push({ hold: taken, cost });
        const rows = await windows();
        for (const { ceiling: name, unit, windowStartMs, limit } of taken.windows) {
          const row = rows.find(
            (one) => one.ceiling === name && one.unit === unit && one.window_start_ms === windowStartMs,
          );
          expect(Number(row?.spent) + Number(row?.held)).toBeLessThanOrEqual(limit);
        }
      }
      while (open.length > 0 && random() < 0.6) {
        const [ended] = open.splice(below(open.length), 1);
        if (ended === undefined) break;
        const real = below(ended.cost + 1);
        charged += real;
        await settle(budget, ended.hold, real);
      }
      if (random() < 0.03) {
        const abandoned = await settleAbandoned(store);
        if (abandoned !== null) expect((await store.commit(abandoned.statements)).committed).toBe(true);
        charged += open.reduce((sum, { cost: worst }) => sum + worst, 0);
        open = [];
        budget = createBudget({ reader: store, ceilings: someCeilings() });
      }
    }
    for (const { hold, cost } of open) await settle(budget, hold, cost);
    charged += open.reduce((sum, { cost }) => sum + cost, 0);
    expect((await windows()).map(({ held: left }) => Number(left)).filter((left) => left !== 0)).toEqual([]);
    const calls = await store.read(store.queries.selectFrom('model_calls').select('cost_nano_usd'));
    expect(calls).toHaveLength(admitted);
    expect(calls.reduce((sum, call) => sum + Number(call.cost_nano_usd), 0)).toBe(charged);
    expect(Math.min(admitted, refused)).toBeGreaterThan(20);
  },
);
