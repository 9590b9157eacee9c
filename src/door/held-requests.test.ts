import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AccessRoom, openAccessRoom } from '../../test/support/access-room.ts';
import {
  type AnyOperation,
  mutationOperation,
  nothingToJudge,
  readOperation,
} from '../govern/scope/index.ts';
import type { Answer } from './index.ts';

// Requests that are held where a test wants them: what a key, a caller or another request does meanwhile.

let room: AccessRoom;
/** How often each operation ran. */
let ran: Map<string, number>;
let held: { readonly begun: PromiseWithResolvers<void>; readonly released: PromiseWithResolvers<void> };

const count = (name: string) => ran.set(name, (ran.get(name) ?? 0) + 1);
const wait = () => {
  held.begun.resolve();
  return held.released.promise;
};
const declared = (name: string) => ({
  name,
  summary: name,
  description: name,
  input: z.strictObject({}),
  access: { kind: 'authenticated', reason: 'a test' } as const,
  truth: nothingToJudge('a test'),
});

const change = (name: string, isHeld: boolean): AnyOperation =>
  mutationOperation<Record<string, never>, { operation: string }, undefined>({
    ...declared(name),
    output: z.strictObject({ operation: z.string() }),
    async prepare() {
      if (isHeld) await wait();
      return {
        async attempt() {
          count(name);
          const event = { action: 'test.changed', subject: 'test:1', data: {} };
          return { statements: [], event, output: () => ({ operation: name }) };
        },
      };
    },
  });

const value = readOperation<Record<string, never>, { n: number }, undefined>({
  ...declared('held.value'),
  output: z.strictObject({ n: z.int() }),
  async run() {
    count('held.value');
    await wait();
    return { kind: 'value', value: { n: 1 } };
  },
});

const stream = readOperation<Record<string, never>, never, undefined>({
  ...declared('held.stream'),
  output: z.never(),
  async run() {
    async function* rows() {
      for (;;) yield Buffer.from('row\n');
    }
    return { kind: 'stream', contentType: 'text/plain', chunks: rows(), rowCount: () => 0 };
  },
});

const nesting = readOperation<Record<string, never>, { n: number }, undefined>({
  ...declared('held.nesting'),
  output: z.strictObject({ n: z.int() }),
  onlyReads: true,
  async run(_scope, _input, { nested }) {
    held.begun.resolve();
    const answer = await nested('inner.value', {});
    return { kind: 'value', value: answer.kind === 'value' ? (answer.value as { n: number }) : { n: 0 } };
  },
});
const inner = readOperation<Record<string, never>, { n: number }, undefined>({
  ...declared('inner.value'),
  output: z.strictObject({ n: z.int() }),
  onlyReads: true,
  async run() {
    count('inner.value');
    return { kind: 'value', value: { n: 7 } };
  },
});

const nestingChange = mutationOperation<Record<string, never>, { n: number }, undefined>({
  ...declared('nesting.change'),
  output: z.strictObject({ n: z.int() }),
  async prepare(_scope, _input, { nested }) {
    const answer = await nested('inner.value', {});
    const value = answer.kind === 'value' ? (answer.value as { n: number }) : { n: 0 };
    const event = { action: 'test.changed', subject: 'test:2', data: {} };
    return { attempt: async () => ({ statements: [], event, output: () => value }) };
  },
});

beforeEach(async () => {
  ran = new Map();
  held = { begun: Promise.withResolvers(), released: Promise.withResolvers() };
  const changes = [change('held.change', true), change('plain.change', false), change('other.change', false)];
  room = await openAccessRoom({ operations: [...changes, value, stream, nesting, nestingChange, inner] });
});
afterEach(() => room.close());

const invoke = (
  operation: string,
  more: { key?: string; signal?: AbortSignal; idempotencyKey?: string } = {},
): Promise<Answer> =>
  room.door.invoke({
    operation,
    door: 'http',
    requestId: 'held',
    credentials: { apiKey: more.key ?? room.adminKey, delegationToken: null },
    input: {},
    body: null,
    idempotencyKey: more.idempotencyKey ?? null,
    signal: more.signal ?? new AbortController().signal,
  });
const administrator = () => room.call('access.keys.create', { name: 'ann', role: 'admin' });

describe('a request whose key is revoked', () => {
  it('gets no answer that was ready only after that', async () => {
    const made = await administrator();
    const asked = invoke('held.value', { key: made.key });
    await held.begun.promise;
    await room.call('access.keys.revoke', { key_id: made.key_id });
    held.released.resolve();
    await expect(asked).rejects.toMatchObject({ code: 'door.revoked' });
  });

  it('gets no chunk more of its answer', async () => {
    const made = await administrator();
    const answer = await invoke('held.stream', { key: made.key });
    if (answer.kind !== 'stream') throw new Error('not a stream');
    const chunks = answer.chunks[Symbol.asyncIterator]();
    expect((await chunks.next()).done).toBe(false);
    await room.call('access.keys.revoke', { key_id: made.key_id });
    await expect(chunks.next()).rejects.toMatchObject({ code: 'door.revoked' });
  });

  it('changes nothing', async () => {
    const made = await administrator();
    const asked = invoke('held.change', { key: made.key });
    await held.begun.promise;
    await room.call('access.keys.revoke', { key_id: made.key_id });
    held.released.resolve();
    await expect(asked).rejects.toMatchObject({ code: 'door.revoked' });
    const events = await room.store.read(
      room.store.queries.selectFrom('journal_events').select('action').where('action', '=', 'test.changed'),
    );
    expect(events).toEqual([]);
  });
});

describe('a request whose caller has gone', () => {
  it('changes nothing, also where that was before it was looked at', async () => {
    await expect(invoke('plain.change', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'door.cancelled',
    });
    const caller = new AbortController();
    const asked = invoke('held.change', { signal: caller.signal });
    await held.begun.promise;
    caller.abort();
    held.released.resolve();
    await expect(asked).rejects.toMatchObject({ code: 'door.cancelled' });
    const events = await room.store.read(
      room.store.queries.selectFrom('journal_events').select('action').where('action', '=', 'test.changed'),
    );
    expect(events).toEqual([]);
  });
});

describe('a refusal that cannot be recorded', () => {
  it('is told as what kept it from being recorded', async () => {
    expect(await room.refusal('plain.change', { unknown: 1 })).toBe('door.invalid_input');
    await room.store.close();
    expect(await room.refusal('plain.change', { unknown: 1 })).toBe('metastore.unavailable');
  });
});

describe('an operation run within another', () => {
  it('begins once the audit row of the other is durable', async () => {
    const other = new DatabaseSync(join(room.home, 'store.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    const asked = invoke('held.nesting');
    await held.begun.promise;
    for (let turns = 0; turns < 50; turns++) await turn();
    expect(ran.get('inner.value')).toBeUndefined();
    other.exec('ROLLBACK');
    other.close();
    expect(await asked).toMatchObject({ value: { n: 7 } });
  });
});

describe('an Idempotency-Key', () => {
  const withKey = (operation: string, key = room.adminKey) =>
    invoke(operation, { key, idempotencyKey: 'one' });

  it('of a request under way is not taken for a second run of it', async () => {
    const first = withKey('held.change');
    await held.begun.promise;
    await expect(withKey('held.change')).rejects.toMatchObject({ code: 'door.idempotency_in_flight' });
    held.released.resolve();
    expect(await first).toMatchObject({ replayed: false });
    expect(await withKey('held.change')).toMatchObject({ replayed: true });
    expect(ran.get('held.change')).toBe(1);
  });

  it('is of one caller and one operation', async () => {
    const made = await administrator();
    expect(await withKey('plain.change')).toMatchObject({ replayed: false });
    expect(await withKey('other.change')).toMatchObject({
      replayed: false,
      value: { operation: 'other.change' },
    });
    expect(await withKey('plain.change', made.key)).toMatchObject({ replayed: false });
    expect(await withKey('plain.change', made.key)).toMatchObject({ replayed: true });
    expect(ran.get('plain.change')).toBe(2);
  });

  it('is forgotten after its time, also where upkeep has not removed its record', async () => {
    expect(await withKey('plain.change')).toMatchObject({ replayed: false });
    room.time.advance(86_400_000 - 1);
    expect(await withKey('plain.change')).toMatchObject({ replayed: true });
    room.time.advance(1);
    expect(await withKey('plain.change')).toMatchObject({ replayed: false });
    expect(await withKey('plain.change')).toMatchObject({ replayed: true });
    expect(ran.get('plain.change')).toBe(2);
  });

  it('is not that of an operation run within the request', async () => {
    expect(await withKey('nesting.change')).toMatchObject({ replayed: false, value: { n: 7 } });
    expect(await withKey('nesting.change')).toMatchObject({ replayed: true, value: { n: 7 } });
    expect(ran.get('inner.value')).toBe(1);
  });

  it('is refused by what changes nothing', async () => {
    await expect(withKey('held.value')).rejects.toMatchObject({ code: 'door.idempotency_key_invalid' });
  });
});
