import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { openAccessRoom } from '../../test/support/access-room.ts';
import { nothingToJudge, type ReadScope, readOperation, type SpendPlan } from '../govern/scope/index.ts';

let room: Awaited<ReturnType<typeof openAccessRoom>>;
afterEach(() => room.close());

const plan: SpendPlan = {
  provider: 'p',
  model: 'p/m',
  task: 'chat',
  rule: null,
  costNanoUsd: 700,
  tokens: 30,
};

/** A room with an operation that spends as the test says, and settles nothing. */
async function openSpendingRoom(spend: (scope: ReadScope) => Promise<unknown>) {
  const operation = readOperation<Record<string, never>, { n: number }, null>({
    name: 'spending.forgets',
    summary: 'Settles nothing',
    description: 'Settles nothing.',
    input: z.strictObject({}),
    output: z.strictObject({ n: z.int() }),
    access: {
      kind: 'demands',
      resolve: async () => ({ demands: [{ kind: 'model', model: plan.model }], resolved: null }),
    },
    truth: nothingToJudge('a test'),
    spends: true,
    async run(scope) {
      await spend(scope);
      return { kind: 'value', value: { n: 1 } };
    },
  });
  return openAccessRoom({ operations: [operation] });
}

it('charges a call that was never settled with what was held for it, and records it', async () => {
  room = await openSpendingRoom(async (scope) => {
    await scope.spend(plan);
    await scope.spend({ ...plan, costNanoUsd: 900, tokens: 40 });
  });
  await room.call('spending.forgets');
  const { queries } = room.store;
  const calls = queries
    .selectFrom('model_calls')
    .select(['status', 'error_class', 'cost_nano_usd', 'output_tokens'])
    .orderBy('cost_nano_usd');
  const failed = { status: 'failed', error_class: 'not_settled' };
  expect(await room.store.read(calls)).toEqual([
    { ...failed, cost_nano_usd: 700, output_tokens: 30 },
    { ...failed, cost_nano_usd: 900, output_tokens: 40 },
  ]);
  expect(await room.store.read(queries.selectFrom('budget_holds').selectAll())).toEqual([]);
  const events = queries.selectFrom('journal_events').select('id').where('action', '=', 'model.called');
  expect(await room.store.read(events)).toHaveLength(2);
});

it('leaves a call whose record was refused to the upkeep, and no other', async () => {
  room = await openSpendingRoom(async (scope) => {
    await scope.spend(plan);
    // What is not held any more cannot be settled: the whole record is refused.
    const taken = await room.store.commit([{ sql: 'DELETE FROM budget_holds', parameters: [] }]);
    expect(taken.committed).toBe(true);
  });
  await expect(room.call('spending.forgets')).rejects.toThrow();
  const calls = room.store.queries.selectFrom('model_calls').selectAll();
  expect(await room.store.read(calls)).toEqual([]);
  expect(room.doubtedSpendings.size).toBe(1);
});
