import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AccessRoom, openAccessRoom } from '../../test/support/access-room.ts';
import { nothingToJudge, type ReadAnswer, type ReadScope, readOperation } from '../govern/scope/index.ts';
import type { Answer } from './index.ts';

/** Chunks that say whether whoever took them let them go. */
function watchedChunks() {
  const seen = { isLetGo: false };
  const iterator: AsyncIterator<Uint8Array> = {
    next: async () => ({ done: false, value: Buffer.from('row\n') }),
    async return() {
      seen.isLetGo = true;
      return { done: true, value: undefined };
    },
  };
  return { seen, chunks: { [Symbol.asyncIterator]: () => iterator } };
}

let room: AccessRoom;
afterEach(() => room.close());

/** A room with one operation, `watched.read`, that only reads. */
async function openRoom(
  run: (scope: ReadScope) => Promise<ReadAnswer<never>>,
  truthRules?: string,
): Promise<(key?: string) => Promise<Answer>> {
  const operation = readOperation<Record<string, never>, never, undefined>({
    name: 'watched.read',
    summary: 'Answers what the test says',
    description: 'Answers what the test says.',
    input: z.strictObject({}),
    output: z.never(),
    access: { kind: 'authenticated', reason: 'a test' },
    truth: { before: nothingToJudge('a test').before, after: { taskClass: 'watched' } },
    onlyReads: true,
    run,
  });
  room = await openAccessRoom({
    operations: [operation],
    ...(truthRules === undefined ? {} : { truthRules }),
  });
  return (key = room.adminKey) =>
    room.door.invoke({
      operation: 'watched.read',
      door: 'http',
      requestId: 'watched',
      credentials: { apiKey: key, delegationToken: null },
      input: {},
      body: null,
      idempotencyKey: null,
      signal: new AbortController().signal,
    });
}

const streamOf = (chunks: AsyncIterable<Uint8Array>): ReadAnswer<never> => ({
  kind: 'stream',
  contentType: 'text/plain',
  chunks,
  rowCount: () => 0,
  truthContext: {},
});

/** The same where truth has to see each chunk before it leaves. */
const judgedStreamOf = (chunks: AsyncIterable<Uint8Array>): ReadAnswer<never> => ({
  kind: 'judged-stream',
  contentType: 'text/plain',
  chunks: chunks as AsyncIterable<never>,
  broken: () => new Uint8Array(0),
});

/** A rule that matches every answer of the operation. */
const ruleThat = (action: string) => `[[rules]]
name = "always"
task_class = "watched"
phase = "after"
action = "${action}"
message = "Not this."
when = { type = "FieldEquals", field = "operation", value = "watched.read" }
`;

describe('a run that only reads', () => {
  it('begins while its audit row is being made durable, and answers nothing before it is', async () => {
    const begun = Promise.withResolvers<void>();
    const { chunks } = watchedChunks();
    const invoke = await openRoom(async () => {
      begun.resolve();
      return streamOf(chunks);
    });
    const other = new DatabaseSync(join(room.home, 'store.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    let answer: Answer | null = null;
    const asked = invoke().then((came) => {
      answer = came;
      return came;
    });
    await begun.promise;
    // Far more turns than an answer that waits for nothing takes.
    for (let turns = 0; turns < 50; turns++) await turn();
    expect(answer).toBeNull();
    other.exec('ROLLBACK');
    other.close();
    const came = await asked;
    if (came.kind !== 'stream') throw new Error('not a stream');
    const iterator = came.chunks[Symbol.asyncIterator]();
    expect(Buffer.from((await iterator.next()).value).toString()).toBe('row\n');
    await iterator.return?.();
    expect((await room.call('access.audit', {})).rows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ operation: 'watched.read', status: 'cancelled', decision: 'allowed' }),
      ]),
    );
  });

  it('is stopped, and refused, when its audit row cannot be kept', async () => {
    const invoke = await openRoom(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    await room.store.close();
    await expect(invoke()).rejects.toMatchObject({ code: 'metastore.unavailable' });
  });

  it('lets its answer go when its audit row cannot be kept', async () => {
    const { seen, chunks } = watchedChunks();
    const invoke = await openRoom(async () => streamOf(chunks));
    await room.store.close();
    await expect(invoke()).rejects.toMatchObject({ code: 'metastore.unavailable' });
    expect(seen.isLetGo).toBe(true);
  });

  it('lets its answer go when truth blocks it', async () => {
    const { seen, chunks } = watchedChunks();
    const invoke = await openRoom(async () => streamOf(chunks), ruleThat('block'));
    await expect(invoke()).rejects.toMatchObject({ code: 'door.truth_blocked' });
    expect(seen.isLetGo).toBe(true);
  });

  it('is recorded as done, and let go, where its caller asked for the head alone', async () => {
    const { seen, chunks } = watchedChunks();
    const invoke = await openRoom(async () => streamOf(chunks));
    const answer = await invoke();
    if (answer.kind !== 'stream') throw new Error('not a stream');
    await answer.endUnread();
    expect(seen.isLetGo).toBe(true);
    expect((await room.call('access.audit', {})).rows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ operation: 'watched.read', status: 'ok', code: null, row_count: null }),
      ]),
    );
  });

  it.each([
    ['a stream', streamOf],
    ['a stream that is judged', judgedStreamOf],
  ])('lets go of what %s comes from where nobody reads any of it', async (_, answerOf) => {
    const { seen, chunks } = watchedChunks();
    const invoke = await openRoom(async () => answerOf(chunks));
    const answer = await invoke();
    if (answer.kind !== 'stream') throw new Error('not a stream');
    await answer.chunks[Symbol.asyncIterator]().return?.();
    expect(seen.isLetGo).toBe(true);
  });

  it('is recorded as ended by its key where that is revoked while nobody reads', async () => {
    const { chunks } = watchedChunks();
    const invoke = await openRoom(async () => streamOf(chunks));
    const made = await room.call('access.keys.create', { name: 'ann', role: 'admin' });
    const answer = await invoke(made.key);
    if (answer.kind !== 'stream') throw new Error('not a stream');
    const iterator = answer.chunks[Symbol.asyncIterator]();
    await iterator.next();
    await room.call('access.keys.revoke', { key_id: made.key_id });
    await iterator.return?.();
    expect((await room.call('access.audit', {})).rows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          operation: 'watched.read',
          status: 'failed',
          code: 'door.revoked',
        }),
      ]),
    );
  });

  it('that truth blocks is kept for no one to look at', async () => {
    const invoke = await openRoom(
      async () => ({ kind: 'value', value: 'the answer' as never, truthContext: {} }),
      ruleThat('block'),
    );
    await expect(invoke()).rejects.toMatchObject({ code: 'door.truth_blocked' });
    expect(await room.store.read(room.store.queries.selectFrom('truth_reviews').selectAll())).toEqual([]);
  });

  it.each([
    ['is held whole', 'row\n'.repeat(3), 'row\nrow\nrow\n'],
    ['is not held where it is larger than a person is shown', 'x'.repeat(4_194_305), null],
  ])('that truth wants reviewed %s', async (_, text, kept) => {
    async function* chunks() {
      yield Buffer.from(text);
    }
    const invoke = await openRoom(async () => streamOf(chunks()), ruleThat('require-review'));
    const refusal = await invoke().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'door.review_required' });
    const rows = await room.store.read(
      room.store.queries.selectFrom('truth_reviews').select(['review_id', 'content_type', 'answer_base64']),
    );
    expect(rows.map((row) => Buffer.from(row.answer_base64, 'base64').toString())).toEqual(
      kept === null ? [] : [kept],
    );
    expect(rows.map((row) => row.content_type)).toEqual(kept === null ? [] : ['text/plain']);
  });
});

describe('a public operation', () => {
  const publicRead = (name: string, run: () => Promise<ReadAnswer<string>>) =>
    readOperation<Record<string, never>, string, undefined>({
      name,
      summary: 'Answers anyone',
      description: 'Answers anyone.',
      input: z.strictObject({}),
      output: z.string(),
      access: { kind: 'public', reason: 'a test' },
      truth: nothingToJudge('a test'),
      run,
    });

  it('answers while the store does not, and leaves no audit row', async () => {
    const operations = [
      publicRead('public.answers', async () => ({ kind: 'value', value: 'here' })),
      publicRead('public.fails', () => Promise.reject(new Error('a defect'))),
    ];
    room = await openAccessRoom({ operations });
    const nobody = { key: null };
    expect(await room.call('public.answers', {}, nobody)).toBe('here');
    expect(await room.refusal('public.fails', {}, nobody)).toBe('door.internal');
    expect(await room.refusal('public.fails', { more: 1 }, nobody)).toBe('door.invalid_input');
    for (const { name } of operations) {
      expect((await room.call('access.audit', { operation: name })).rows).toEqual([]);
    }
    await room.store.close();
    expect(await room.call('public.answers', {}, nobody)).toBe('here');
    expect(await room.refusal('public.fails', {}, nobody)).toBe('door.internal');
    expect(await room.refusal('public.fails', { more: 1 }, nobody)).toBe('door.invalid_input');
  });
});
