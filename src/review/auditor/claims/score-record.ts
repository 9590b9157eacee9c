import { type KnowledgeRows, type Movement, movementBetween } from '../../knowledge/index.ts';

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
  const iterations = [...new Set(rows.reviews.map(({ iteration }) => iteration))].sort((a, b) => a - b);
  const between = (from: number, to: number): Movement => {
    const movement = made.get(`${from} ${to}`) ?? movementBetween(rows, from, to);
    made.set(`${from} ${to}`, movement);
    return movement;
  };
  return {
    movements(named) {
      if (new Set(rows.reviews.map(({ repository }) => repository)).size > 1)
        return 'the knowledge base is of several repositories; --kb takes the rows of one';
      if (named !== null) {
        const absent = named.filter((one) => !iterations.includes(one));
        return absent.length === 0 ? [between(...named)] : `the knowledge base has no iteration ${absent[0]}`;
      }
      const newest = iterations.slice(-MOST_UNNAMED);
      if (newest.length < 2) return 'the knowledge base has no two iterations to compare';
      return newest.flatMap((from, index) => newest.slice(index + 1).map((to) => between(from, to)));
    },
  };
}
