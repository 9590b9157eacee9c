import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom, seedOfRun } from '../../../test/faults/seeded-random.ts';
import { createLogger, isLakeError, systemClock } from '../../base/index.ts';
import { type Metastore, openMetastore } from '../../metastore/index.ts';
import type { Identity, SpendOutcome, SpendPlan } from '../scope/index.ts';
import { settleAbandoned } from './abandoned-holds.ts';
import { createBudget, type Hold } from './budget.ts';
import { amountOf, CEILING_SUBJECTS, CEILING_UNITS, type Ceiling } from './ceiling.ts';

// M-3: ceilings are never passed by one nano-dollar, whatever is asked for at once and whatever becomes of it.

const SEED = seedOfRun();
console.log(`seed ${SEED} (LAKEHOUSE_SEED replays it)`);

const REQUESTS = 1_000;
const HOUR_MS = 3_600_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-budget-'));
});
afterEach(() => rm(folder, { recursive: true }));

const open = () =>
  openMetastore({
    file: join(folder, 'store.db'),
    config: { commit_timeout_ms: 60_000 },
    clock: systemClock,
    log: createLogger({ level: 'silent' }),
  });

/** Has the store itself note every state of a window that is over its limit, between commits as well as at their ends. */
async function watch(store: Metastore, ceilings: readonly Ceiling[]): Promise<void> {
  const over =
    'NEW.held < 0 OR NEW.spent < 0 OR NEW.spent + NEW.held > ' +
    '(SELECT amount FROM test_limits WHERE ceiling = NEW.ceiling AND unit = NEW.unit)';
  const note = 'BEGIN INSERT INTO test_violations VALUES (NEW.ceiling, NEW.unit, NEW.spent, NEW.held); END';
  await store.commit(
    [
      'CREATE TABLE test_limits (ceiling TEXT, unit TEXT, amount BIGINT)',
      'CREATE TABLE test_violations (ceiling TEXT, unit TEXT, spent BIGINT, held BIGINT)',
      `CREATE TRIGGER test_updates AFTER UPDATE ON budget_windows WHEN ${over} ${note}`,
      `CREATE TRIGGER test_inserts AFTER INSERT ON budget_windows WHEN ${over} ${note}`,
    ].map((sql) => ({ sql, parameters: [] })),
  );
  await store.commit(
    ceilings.flatMap(({ name, limits }) =>
      limits.map(({ unit, amount }) => ({
        sql: 'INSERT INTO test_limits VALUES (?, ?, ?)',
        parameters: [name, unit, amount],
      })),
    ),
  );
}

async function rows<R>(store: Metastore, sql: string): Promise<R[]> {
  const outcome = await store.commit([{ sql, parameters: [] }]);
  if (!outcome.committed) throw new Error(outcome.refusal);
  return (outcome.rows[0] ?? []).map((row) => ({ ...row })) as R[];
}

/** Numbers of one seed: whole ones below a bound, and members of a list. */
function chooser(random: () => number) {
  const below = (bound: number) => Math.floor(random() * bound);
  const one = <T>(list: readonly T[]): T => {
    const found = list[below(list.length)];
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  };
  return { below, one, chance: (share: number) => random() < share };
}
type Chooser = ReturnType<typeof chooser>;

const ROLES = ['analyst', 'recruiter', 'agent'];
const TASKS = ['chat', 'match', 'summarise'];
const MODELS = ['openai/a', 'openai/b', 'ollama/c'];

function ceilingsOf({ below, one, chance }: Chooser): readonly Ceiling[] {
  return Array.from({ length: 1 + below(6) }, (_, index) => ({
    name: `ceiling-${index}`,
    when: {
      ...(chance(0.3) ? { role: one(ROLES) } : {}),
      ...(chance(0.2) ? { task: one(TASKS) } : {}),
      ...(chance(0.2) ? { provider: one(['openai', 'ollama']) } : {}),
      ...(chance(0.1) ? { identity: `name-${below(6)}` } : {}),
    },
    per: CEILING_SUBJECTS.filter(() => chance(0.25)),
    limits: CEILING_UNITS.filter((unit) => unit === 'usd_hour' || chance(0.3)).map((unit) => ({
      unit,
      amount: unit === 'requests_hour' ? 20 + below(400) : 100_000 + below(5_000_000),
    })),
    perRequestNanoUsd: chance(0.2) ? 20_000 + below(100_000) : null,
  }));
}

function identityOf({ below, one, chance }: Chooser): Identity {
  const bare = (role: string): Identity => ({
    name: `name-${below(6)}`,
    role,
    attributes: new Map(),
    keyId: null,
    onBehalfOf: null,
  });
  return chance(0.3) ? { ...bare('agent'), onBehalfOf: bare(one(ROLES)) } : bare(one(ROLES));
}

function planOf({ below, one, chance }: Chooser): SpendPlan {
  const model = one(MODELS);
  const [provider = ''] = model.split('/');
  const costNanoUsd = chance(0.05) ? 0 : 1 + below(chance(0.1) ? 200_000 : 20_000);
  return { provider, model, task: one(TASKS), rule: null, costNanoUsd, tokens: 1 + below(20_000) };
}

/** Within what was held, down to nothing at all. */
function outcomeOf(plan: SpendPlan, { below, chance }: Chooser): SpendOutcome {
  const isFailed = chance(0.1);
  const share = isFailed ? 0 : chance(0.2) ? 1 : below(1_001) / 1_000;
  const tokens = Math.floor(plan.tokens * share);
  const input = below(tokens + 1);
  return {
    status: isFailed ? 'failed' : 'ok',
    errorClass: isFailed ? 'server_error' : null,
    finish: isFailed ? null : 'stop',
    costNanoUsd: Math.floor(plan.costNanoUsd * share),
    inputTokens: input,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: tokens - input,
    reasoningTokens: 0,
    latencyMs: 1,
    firstTokenMs: null,
  };
}

interface Round {
  readonly admitted: number;
  readonly refusals: ReadonlyMap<string, number>;
}

/** A thousand requests at once, each with a life of its own; those that are never settled are left for the next start. */
async function round(
  store: Metastore,
  ceilings: readonly Ceiling[],
  choose: Chooser,
  { life, nowMs }: { readonly life: string; readonly nowMs: number },
): Promise<Round> {
  const budget = createBudget({ reader: store, ceilings });
  const refusals = new Map<string, number>();
  let admitted = 0;
  const refuse = (error: unknown) => {
    if (!isLakeError(error)) throw error;
    refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
  };
  const request = async (
    index: number,
    fate: { plan: SpendPlan; outcome: SpendOutcome | null; who: Identity },
  ) => {
    let hold: Hold;
    try {
      const spendId = `${life}-${index}`;
      hold = budget.hold({ spendId, requestId: `r-${index}`, identity: fate.who, plan: fate.plan, nowMs });
      const held = await store.commit(hold.statements);
      if (!held.committed) throw await budget.refusal(hold, held.refusal);
    } catch (error) {
      return refuse(error);
    }
    admitted++;
    if (fate.outcome === null) return;
    const settled = await store.commit(budget.settle(hold, fate.outcome));
    expect(settled.committed).toBe(true);
  };
  const fates = Array.from({ length: REQUESTS }, () => {
    const plan = planOf(choose);
    return { plan, who: identityOf(choose), outcome: choose.chance(0.1) ? null : outcomeOf(plan, choose) };
  });
  await Promise.all(fates.map((fate, index) => request(index, fate)));
  return { admitted, refusals };
}

test.each([0, 1, 2, 3, 4])(
  'no ceiling is passed by a thousand requests at once and a crash, schedule %i',
  async (at) => {
    const choose = chooser(seededRandom(SEED + at));
    const ceilings = ceilingsOf(choose);
    const nowMs = 500_000 * HOUR_MS + choose.below(HOUR_MS);
    const first = await open();
    await watch(first, ceilings);
    const { admitted, refusals } = await round(first, ceilings, choose, { life: 'first', nowMs });
    await first.close();

    const store = await open();
    const abandoned = await settleAbandoned(store);
    if (abandoned !== null) expect((await store.commit(abandoned.statements)).committed).toBe(true);
    expect(await settleAbandoned(store)).toBeNull();
    const later = await round(store, ceilings, choose, { life: 'second', nowMs });
    const again = await settleAbandoned(store);
    if (again !== null) await store.commit(again.statements);

    expect(await rows(store, 'SELECT * FROM test_violations')).toEqual([]);
    expect(await rows(store, 'SELECT * FROM budget_holds')).toEqual([]);
    const [held] = await rows<{ n: number }>(store, 'SELECT coalesce(sum(held), 0) AS n FROM budget_windows');
    expect(held?.n).toBe(0);
    const calls = await rows<CallFacts>(store, 'SELECT * FROM model_calls');
    expect(calls).toHaveLength(admitted + later.admitted);
    await expectSums(store, ceilings, calls);
    const told = [...refusals].map(([code, count]) => `${count} ${code}`).join(', ');
    console.log(`${ceilings.length} ceilings: ${admitted} of ${REQUESTS} admitted; ${told}`);
    await store.close();
  },
);

interface CallFacts {
  readonly identity: string;
  readonly role: string;
  readonly status: string;
  readonly cost_nano_usd: number;
  readonly held_nano_usd: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
}

/** A ceiling over everything has spent what its calls cost, to the nano-dollar; an abandoned call costs what was held. */
async function expectSums(store: Metastore, ceilings: readonly Ceiling[], calls: readonly CallFacts[]) {
  for (const call of calls) {
    if (call.status === 'unknown') expect(call.cost_nano_usd).toBe(call.held_nano_usd);
  }
  const total = (pick: (call: CallFacts) => number) => calls.reduce((sum, call) => sum + pick(call), 0);
  const all = ceilings.filter(({ when, per }) => Object.keys(when).length === 0 && per.length === 0);
  for (const { name, limits } of all) {
    for (const { unit } of limits) {
      const [row] = await rows<{ spent: number }>(
        store,
        `SELECT spent FROM budget_windows WHERE ceiling = '${name}' AND unit = '${unit}'`,
      );
      const used = total((call) =>
        amountOf(unit, { costNanoUsd: call.cost_nano_usd, tokens: call.input_tokens + call.output_tokens }),
      );
      expect(row?.spent ?? 0, `${name} ${unit}`).toBe(used);
    }
  }
}

const BUDGET: Ceiling = {
  name: 'all',
  when: {},
  per: [],
  limits: [{ unit: 'usd_hour', amount: 1_000_000_000 }],
  perRequestNanoUsd: null,
};

test('requests of at most a hundredth of the budget, one after another, use 98 % of it and more', async () => {
  const choose = chooser(seededRandom(SEED));
  const store = await open();
  await watch(store, [BUDGET]);
  const budget = createBudget({ reader: store, ceilings: [BUDGET] });
  const nowMs = 500_000 * HOUR_MS;
  let spent = 0;
  for (let index = 0; ; index++) {
    const plan = { ...planOf(choose), costNanoUsd: 1 + choose.below(10_000_000) };
    const spendId = `spend-${index}`;
    const hold = budget.hold({ spendId, requestId: spendId, identity: identityOf(choose), plan, nowMs });
    const held = await store.commit(hold.statements);
    if (!held.committed) {
      const refusal = await budget.refusal(hold, held.refusal);
      expect(refusal).toMatchObject({
        code: 'budget.exhausted',
        data: { ceiling: 'all', refills_at: new Date(nowMs + HOUR_MS).toISOString() },
      });
      break;
    }
    const outcome = { ...outcomeOf(plan, choose), status: 'ok' as const };
    spent += outcome.costNanoUsd;
    await store.commit(budget.settle(hold, outcome));
  }
  const share = spent / 1_000_000_000;
  console.log(`usable, one after another: ${(share * 100).toFixed(2)} %`);
  expect(share).toBeGreaterThanOrEqual(0.98);
  expect(await rows(store, 'SELECT * FROM test_violations')).toEqual([]);
  await store.close();
});

test('a thousand at once that come again while others hold use 98 % of the budget and more', async () => {
  const choose = chooser(seededRandom(SEED + 1));
  const store = await open();
  await watch(store, [BUDGET]);
  const budget = createBudget({ reader: store, ceilings: [BUDGET] });
  const nowMs = 500_000 * HOUR_MS;
  let spent = 0;
  const codes = new Set<string>();
  const request = async (index: number, plan: SpendPlan, outcome: SpendOutcome) => {
    for (;;) {
      const spendId = `spend-${index}`;
      const hold = budget.hold({ spendId, requestId: spendId, identity: identityOf(choose), plan, nowMs });
      const held = await store.commit(hold.statements);
      if (held.committed) {
        spent += outcome.costNanoUsd;
        await store.commit(budget.settle(hold, outcome));
        return;
      }
      const { code } = await budget.refusal(hold, held.refusal);
      codes.add(code);
      if (code === 'budget.exhausted') return;
    }
  };
  const fates = Array.from({ length: REQUESTS }, () => {
    const plan = { ...planOf(choose), costNanoUsd: 1 + choose.below(10_000_000) };
    return { plan, outcome: outcomeOf(plan, choose) };
  });
  await Promise.all(fates.map(({ plan, outcome }, index) => request(index, plan, outcome)));
  const share = spent / 1_000_000_000;
  console.log(`usable, a thousand at once: ${(share * 100).toFixed(2)} % (${[...codes].sort().join(', ')})`);
  expect(share).toBeGreaterThanOrEqual(0.98);
  expect(await rows(store, 'SELECT * FROM test_violations')).toEqual([]);
  await store.close();
});
