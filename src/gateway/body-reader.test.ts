import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readWhole } from './body-reader.ts';

const LIMITS = { declaredBytes: null, limitBytes: 10, idleMs: 60_000 };

test('reads a body in however many parts, up to its limit', async () => {
  const source = new PassThrough();
  const read = readWhole(source, LIMITS);
  for (const part of ['0123', '', '456789']) source.write(part);
  source.end();
  expect((await read).toString()).toBe('0123456789');
});

test('a body that says it is too large is refused unread, one that is when it is', async () => {
  const source = new PassThrough();
  await expect(readWhole(source, { ...LIMITS, declaredBytes: 11 })).rejects.toMatchObject({
    code: 'gateway.body_too_large',
  });
  const read = readWhole(source, LIMITS);
  source.write('0123456789');
  source.write('0');
  await expect(read).rejects.toMatchObject({ code: 'gateway.body_too_large' });
  expect(source.isPaused()).toBe(true);
  expect(source.destroyed).toBe(false);
  expect(source.listenerCount('data')).toBe(0);
});

test('a client that sends nothing more is refused, and lets go of the stream', async () => {
  const source = new PassThrough();
  const read = readWhole(source, { ...LIMITS, idleMs: 1 });
  source.write('01');
  await expect(read).rejects.toMatchObject({ code: 'gateway.upload_stalled' });
  expect(source.destroyed).toBe(false);
  expect(source.listenerCount('data')).toBe(0);
});

test.each([
  ['leaves', undefined],
  ['breaks off', new Error('ECONNRESET')],
])('a client that %s is told apart from one that is done', async (_, cause) => {
  const source = new PassThrough();
  source.on('error', () => undefined);
  const read = readWhole(source, LIMITS);
  source.write('01');
  source.destroy(cause);
  await expect(read).rejects.toMatchObject({ code: 'gateway.upload_interrupted' });
  await expect(readWhole(source, LIMITS)).rejects.toMatchObject({ code: 'gateway.upload_interrupted' });
});
