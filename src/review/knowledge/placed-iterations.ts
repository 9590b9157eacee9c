import { byIteration, type IterationKey } from './iteration-key.ts';
import type { KnowledgeRows } from './movement.ts';

/** Numbers of a repository that rows of another iteration have already. */
export interface OverlappingIterations {
  readonly repository: string;
  readonly numbers: readonly number[];
  /** The highest number that is there. */
  readonly last: number;
}

export interface PlacedRows {
  /** Under the numbers that their iterations have, or get. */
  readonly rows: KnowledgeRows;
  /** Empty where everything may be added; the rows of the others must not be, under these numbers. */
  readonly overlaps: readonly OverlappingIterations[];
}

/**
 * Rows from elsewhere beside those that are there. An iteration that is there keeps the number that it has there, whatever
 * the file says, so that the same file twice is one. A number that is another iteration's overlaps; with `renumber` the
 * new iterations of such a repository come after all that are there, in their order and at their distances.
 */
export function placedIterations(rows: KnowledgeRows, present: KnowledgeRows, renumber: boolean): PlacedRows {
  const numbers = new Map<string, number>();
  const overlaps: OverlappingIterations[] = [];
  const [incoming, there] = [iterationsByRepository(rows), iterationsByRepository(present)];
  for (const [repository, keys] of incoming) {
    const known = there.get(repository) ?? new Map<string, IterationKey>();
    const fresh = [...keys.values()].filter(({ iteration_id: id }) => !known.has(id)).sort(byIteration);
    const owners = new Map([...known.values()].map((key) => [key.iteration, key.iteration_id]));
    const taken = fresh.filter(({ iteration, iteration_id: id }) => {
      const owner = owners.get(iteration) ?? id;
      owners.set(iteration, owner);
      return owner !== id;
    });
    const last = Math.max(0, ...[...known.values()].map(({ iteration }) => iteration));
    const [first] = fresh;
    for (const { iteration_id: id, iteration } of known.values())
      numbers.set(keyOf(repository, id), iteration);
    if (taken.length === 0 || first === undefined) continue;
    if (!renumber) {
      const clashing = [...new Set(taken.map(({ iteration }) => iteration))];
      overlaps.push({ repository, numbers: clashing, last });
      continue;
    }
    let next = last;
    for (const [at, { iteration, iteration_id: id }] of fresh.entries()) {
      // Two of one number in the file itself come one after the other.
      next += at === 0 ? 1 : Math.max(1, iteration - (fresh[at - 1]?.iteration ?? iteration));
      numbers.set(keyOf(repository, id), next);
    }
  }
  const placed = <Row extends IterationKey & { readonly repository: string }>(row: Row): Row => ({
    ...row,
    iteration: numbers.get(keyOf(row.repository, row.iteration_id)) ?? row.iteration,
  });
  return {
    rows: { ...rows, reviews: rows.reviews.map(placed), findings: rows.findings.map(placed) },
    overlaps,
  };
}

type Iterations = Map<string, IterationKey>;

/** Of each repository, by id. */
function iterationsByRepository({ reviews, findings }: KnowledgeRows): ReadonlyMap<string, Iterations> {
  const found = new Map<string, Iterations>();
  for (const { repository, iteration, iteration_id } of [...reviews, ...findings]) {
    const iterations: Iterations = found.get(repository) ?? new Map();
    if (!iterations.has(iteration_id)) iterations.set(iteration_id, { iteration, iteration_id });
    found.set(repository, iterations);
  }
  return found;
}

function keyOf(repository: string, iterationId: string): string {
  return JSON.stringify([repository, iterationId]);
}
