import { expect, it } from 'vitest';
import { RecentMap } from './recent-map.ts';

it('forgets what was asked for longest ago', () => {
  const map = new RecentMap<number>(2);
  map.put('a', 1);
  map.put('b', 2);
  expect(map.get('a')).toBe(1);
  expect(map.put('c', 3)).toBe(3);
  expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([1, undefined, 3]);
});

it('holds no more than its capacity, whatever the sizes are and however often a key is put', () => {
  const map = new RecentMap<string>(10, (value, key) => value.length + key.length);
  map.put('a', 'aaaa');
  map.put('a', 'aaaaa');
  map.put('b', 'bbb');
  expect([map.get('a'), map.get('b')]).toEqual(['aaaaa', 'bbb']);
  map.put('c', 'c');
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, 'bbb', 'c']);
  map.put('d', 'longer than all');
  expect(['b', 'c', 'd'].map((key) => map.get(key))).toEqual([undefined, undefined, undefined]);
});
