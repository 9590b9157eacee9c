import { expect, test } from 'vitest';
import { createIdGenerator, createLogger, systemClock } from '../../base/index.ts';
import type { EventInput } from './event.ts';
import { createEventSpool } from './event-spool.ts';

const ids = createIdGenerator({ clock: systemClock, random: (size) => new Uint8Array(size) });
const log = createLogger({ level: 'silent' });
const told = (message: string) => ({ source: 'a', kind: 'b', severity: 'info', message }) as const;

test('a store that refuses loses nothing that fits: the same events come again, in their order, under the same ids', async () => {
  const tried: (readonly EventInput[])[] = [];
  let refusing = true;
  const record = async (events: readonly EventInput[]) => {
    tried.push(events);
    if (refusing) throw new Error('the store is full');
  };
  const spool = createEventSpool({ record, ids, log, capacity: 10 });
  for (let n = 0; n < 4; n++) spool.send(told(String(n)));
  await expect.poll(() => tried.length).toBe(1);
  refusing = false;
  await expect.poll(() => tried.length).toBe(2);
  expect(tried[1]).toEqual(tried[0]);
  expect(tried[1]?.map(({ message }) => message)).toEqual(['0', '1', '2', '3']);
  expect(new Set(tried[1]?.map(({ external_id }) => external_id)).size).toBe(4);
  expect(spool.dropped()).toBe(0);
  await spool.close();
});

test('what does not fit, and what is left when it closes on a store that refuses, is counted as dropped', async () => {
  const spool = createEventSpool({ record: () => Promise.reject(new Error('no')), ids, log, capacity: 3 });
  for (let n = 0; n < 8; n++) spool.send(told(String(n)));
  expect(spool.dropped()).toBe(5);
  await spool.close();
  expect(spool.dropped()).toBe(8);
  spool.send(told('late'));
  expect(spool.dropped()).toBe(9);
});

test('closing records what waits, in batches', async () => {
  const recorded: number[] = [];
  const record = async (events: readonly EventInput[]) => void recorded.push(events.length);
  const spool = createEventSpool({ record, ids, log, capacity: 10_000 });
  for (let n = 0; n < 1_200; n++) spool.send(told(String(n)));
  await spool.close();
  expect(recorded).toEqual([500, 500, 200]);
});
