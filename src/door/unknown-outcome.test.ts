import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { type AccessRoom, openAccessRoom } from '../../test/support/access-room.ts';
import { LakeError } from '../base/index.ts';
import { mutationOperation, nothingToJudge } from '../govern/scope/index.ts';
import { metastoreErrors } from '../metastore/index.ts';

let room: AccessRoom;
afterEach(() => room.close());

/** A room with `test.change`, whose commit the store does not answer; `log` is what was done besides it. */
async function openRoom(hasEffect: boolean, effect?: () => void) {
  const log: string[] = [];
  let other: DatabaseSync | null = null;
  /** The store's file is another's from here on: it takes what was sent to it once it has it back. */
  const lock = () => {
    other = new DatabaseSync(join(room.home, 'store.sqlite'));
    other.exec('BEGIN IMMEDIATE');
  };
  const event = { action: 'test.changed', subject: 'test:1', data: {} };
  const external = {
    intent: { ...event, action: 'test.change' },
    async perform() {
      log.push('performed');
      (effect ?? lock)();
    },
  };
  const operation = mutationOperation<Record<string, never>, { n: number }, undefined>({
    name: 'test.change',
    summary: 'Changes something',
    description: 'Changes something.',
    input: z.strictObject({}),
    output: z.strictObject({ n: z.int() }),
    access: { kind: 'authenticated', reason: 'a test' },
    truth: nothingToJudge('a test'),
    async prepare() {
      return {
        ...(hasEffect ? { external } : {}),
        async attempt() {
          if (!hasEffect) lock();
          return {
            statements: [],
            event,
            output: () => ({ n: 1 }),
            discard: async () => void log.push('attempt discarded'),
          };
        },
        discard: async () => void log.push('prepared discarded'),
      };
    },
  });
  room = await openAccessRoom({
    operations: [operation],
    metastore: { commit_timeout_ms: 1_000 },
    async settle() {
      log.push('settled');
      return { statements: [], event, outcome: 'performed' };
    },
  });
  const unlock = () => {
    other?.exec('ROLLBACK');
    other?.close();
  };
  return { log, unlock };
}

it.each([
  ['with its effect left to its own record', true, ['performed'], ['intent', 'settled']],
  ['with its files left where they are', false, [], ['done']],
] as const)('calls a change neither kept nor refused, %s', async (_what, hasEffect, done, phases) => {
  const { log, unlock } = await openRoom(hasEffect);
  expect(await room.refusal('test.change')).toBe('metastore.outcome_unknown');
  unlock();
  expect(log).toEqual(done);
  const { queries } = room.store;
  const events = queries.selectFrom('journal_events').select('phase').where('operation', '=', 'test.change');
  const phasesNow = async () => (await room.store.read(events.orderBy('id'))).map(({ phase }) => phase);
  // The store had been sent the commit, and keeps it once it can.
  await expect.poll(phasesNow).toEqual(phases);
});

it('has what became of an effect found out where that failed, and removes nothing of it', async () => {
  const { log } = await openRoom(true, () => {
    throw new LakeError(metastoreErrors.unavailable, { detail: 'No.' });
  });
  expect(await room.refusal('test.change')).toBe('metastore.outcome_unknown');
  expect(log).toEqual(['performed', 'settled']);
});
