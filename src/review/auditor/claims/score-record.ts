import {
  byIteration,
  type IterationKey,
  type KnowledgeRows,
  type Movement,
  movementBetween,
} from '../../knowledge/index.ts';

/** Two iterations that a text names, the earlier first. */
export type NamedIterations = readonly [from: number, to: number];

/** What the knowledge base says of scores, for claims about them. */
export interface ScoreRecord {
  /**
   * Movements that a claim may speak of: between the iterations it names, or between any two of the newest ones. A text
   * why there is none.
   */
  movements(named: NamedIterations | null): readonly Movement[] | string;
}

/** Older iterations are spoken of by their numbers. */
const MOST_UNNAMED = 8;

/** Movements are made when a claim asks for them, and once. */
export function createScoreRecord(rows: KnowledgeRows): ScoreRecord {
  const made = new Map<string, Movement>();
  const iterations: readonly IterationKey[] = [
    ...new Map(rows.reviews.map((row) => [row.iteration_id, row])).values(),
  ].sort(byIteration);
  const between = (from: IterationKey, to: IterationKey): Movement => {
    const pair = `${from.iteration_id} ${to.iteration_id}`;
    const movement = made.get(pair) ?? movementBetween(rows, from, to);
    made.set(pair, movement);
    return movement;
  };
  return {
    movements(named) {
      if (new Set(rows.reviews.map(({ repository }) => repository)).size > 1)
        return 'the knowledge base is of several repositories; --kb takes the rows of one';
      if (named !== null) {
        const [from, to] = named.map((one) => iterations.filter(({ iteration }) => iteration === one));
        const odd = named.find((_, at) => [from, to][at]?.length !== 1);
        if (odd === undefined) return [between(only(from), only(to))];
        return iterations.some(({ iteration }) => iteration === odd)
          ? `the knowledge base has several iterations ${odd}, of different origin`
          : `the knowledge base has no iteration ${odd}`;
      }
      const newest = iterations.slice(-MOST_UNNAMED);
      if (newest.length < 2) return 'the knowledge base has no two iterations to compare';
      return newest.flatMap((from, index) =>
        newest
          .slice(index + 1)
          .filter((to) => to.iteration > from.iteration)
          .map((to) => between(from, to)),
      );
    },
  };
}

function only(found: readonly IterationKey[] | undefined): IterationKey {
  const [one] = found ?? [];
  if (one === undefined) throw new Error('one iteration of the number was found');
  return one;
}
