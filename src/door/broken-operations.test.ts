import { expect, it } from 'vitest';
import { z } from 'zod';
import { type AccessRoom, openAccessRoom } from '../../test/support/access-room.ts';
import { openBelow } from '../../test/support/door-room.ts';
import { systemClock } from '../base/index.ts';
import { configSchema } from '../config/index.ts';
import {
  type AnyOperation,
  type MutationAttempt,
  mutationOperation,
  nothingToJudge,
  readOperation,
} from '../govern/scope/index.ts';
import { statement } from '../metastore/index.ts';
import { createRegistry } from './registry.ts';
import { settleIntents } from './settle-intents.ts';

// Operations that break what they declare: each is a defect of ours, answered by a refusal and never by data or a change.

let room: AccessRoom;

const declared = (name: string) => ({
  name,
  summary: name,
  description: name,
  input: z.strictObject({}),
  output: z.strictObject({ n: z.int() }),
  access: { kind: 'authenticated', reason: 'a test' } as const,
  truth: nothingToJudge('a test'),
});
const answer = async () => ({ kind: 'value', value: { n: 1 } }) as const;

const demandsNothing = readOperation<Record<string, never>, { n: number }, null>({
  ...declared('broken.demands'),
  access: { kind: 'demands', resolve: async () => ({ demands: [] as never, resolved: null }) },
  run: answer,
});

const bringsNoContext = readOperation<Record<string, never>, { n: number }, undefined>({
  ...declared('broken.context'),
  truth: { ...nothingToJudge('a test'), after: { taskClass: 'broken' } },
  run: answer,
});

/** A mutation whose attempt is this one; what it would change is the description of nothing. */
const changing = (name: string, attempt: Partial<MutationAttempt<{ n: number }>>): AnyOperation =>
  mutationOperation<Record<string, never>, { n: number }, undefined>({
    ...declared(name),
    async prepare() {
      const { queries } = room.store;
      const change = queries.updateTable('access_state').set({ keys_version: 4_000 });
      const event = { action: 'test.changed', subject: 'test:1', data: {} };
      return {
        attempt: async () => ({
          statements: [statement(change)],
          event,
          output: () => ({ n: 1 }),
          ...attempt,
        }),
      };
    },
  });

it.each([
  ['demands nothing', demandsNothing],
  ['brings nothing for the rules it declares', bringsNoContext],
  ['changes something without an event', changing('broken.change', { event: null })],
  [
    'answers what its schema does not know',
    changing('broken.output', { output: () => ({ n: 'one' }) as never }),
  ],
])('refuses an operation that %s', async (_what, operation) => {
  room = await openAccessRoom({ operations: [operation] });
  expect(await room.refusal(operation.name)).toBe('door.internal');
  const { queries } = room.store;
  const states = await room.store.read(queries.selectFrom('access_state').select('keys_version'));
  expect(states).not.toEqual([{ keys_version: 4_000 }]);
  const { rows } = await room.call('access.audit', { operation: operation.name });
  expect(rows).toMatchObject([{ status: 'failed', code: 'door.internal' }]);
  await room.close();
});

it.each([
  ['twice', [demandsNothing, demandsNothing]],
  ['by a name that is none', [{ ...demandsNothing, name: 'Broken' }]],
])('takes no operation registered %s', (_what, operations) => {
  expect(() => createRegistry(operations)).toThrow(/operation /);
});

it('has no operation that was not registered', () => {
  for (const name of ['broken.other', '__proto__', 'constructor', '']) {
    expect(() => createRegistry([demandsNothing]).get(name)).toThrow(/operation/);
  }
});

it('does not go on from an open intent that no room settles', async () => {
  const below = await openBelow({ config: configSchema.parse({}), clock: systemClock });
  const { store, ids } = below;
  const intent = { intentId: 'i', action: 'test.change', subject: 'test:1', data: {} };
  const settling = settleIntents({
    ...{ store, ids, journal: below.journald.journal, policyVersion: 1, settle: async () => null },
    intents: [{ ...intent, timeMs: 1, operation: 'test.change', requestId: 'r' }],
  });
  await expect(settling).rejects.toMatchObject({ code: 'door.internal' });
  await below.close();
});
