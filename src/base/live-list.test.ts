import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { LiveList } from './live-list.ts';

test('holds what was added and not removed, whatever the order', () => {
  const list = new LiveList<string>();
  const place = new Map(['a', 'b', 'c', 'd'].map((name) => [name, list.add(name)]));
  expect(place.get('b')?.remove()).toBe(true);
  expect(held(list).sort()).toEqual(['a', 'c', 'd']);
  expect(place.get('d')?.remove()).toBe(true);
  const placeOfE = list.add('e');
  expect(place.get('a')?.remove()).toBe(true);
  expect(held(list).sort()).toEqual(['c', 'e']);
  expect(place.get('c')?.remove()).toBe(true);
  expect(placeOfE.remove()).toBe(true);
  expect(list.size).toBe(0);
});

test('removes a member once, and one that is there twice twice', () => {
  const list = new LiveList<string>();
  const first = list.add('a');
  const second = list.add('a');
  expect([first.remove(), first.remove(), list.size]).toEqual([true, false, 1]);
  expect([second.remove(), second.remove(), list.size]).toEqual([true, false, 0]);
});

test('forgets all at once, and none of them is removed after that', () => {
  const list = new LiveList<number>();
  const places = [list.add(1), list.add(2)];
  list.clear();
  const placeOfThree = list.add(3);
  expect(places.map((one) => one.remove())).toEqual([false, false]);
  expect(held(list)).toEqual([3]);
  expect(placeOfThree.remove()).toBe(true);
});

test('keeps nothing of members that left, after a full collection of garbage as before it', () => {
  setFlagsFromString('--expose-gc');
  const collect: (options?: { type: 'minor' | 'major' }) => void = runInNewContext('gc');
  const list = new LiveList<readonly number[]>();
  const places: ReturnType<typeof list.add>[] = [];
  const pass = (members: number) => {
    for (let at = 0; at < members; at++) {
      places.push(list.add(Array.from({ length: 1_000 }, () => at)));
      if (places.length > 12) places.shift()?.remove();
    }
  };
  pass(100);
  collect({ type: 'major' });
  const before = process.memoryUsage().heapUsed;
  pass(10_000);
  collect({ type: 'minor' });
  collect({ type: 'minor' });
  // What passed through are 80 MB; a set in the list's place keeps most of them.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6);
});

function held<T>(list: LiveList<T>): T[] {
  return list.places().map(({ member }) => member);
}
