import { sha256Hex } from '../../base/index.ts';

/** An order that is the same in every run and has nothing to do with names or places. */
export function shuffled<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return items
    .map((item) => ({ item, key: sha256Hex(keyOf(item)) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ item }) => item);
}
