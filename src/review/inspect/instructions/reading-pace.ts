/**
 * Work that may be interrupted between two looks at a text. A look costs time in proportion to what it reads, so a pace
 * counts characters; where it says so, the work stops until it is asked to go on.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

export interface ReadingPace {
  /** Counts what a look has read; true where other work should run before the next. */
  isTurnOver(characters: number): boolean;
}

/**
 * Read between two turns of the event loop, every pattern counted: a few milliseconds of processor time. One look at a text
 * is not interrupted: over the million characters that a file may have, the longest takes about a tenth of a second.
 */
const CHARACTERS_PER_TURN = 1_000_000;

/** Does the work at once: for texts that are short, or whose reader has nobody to keep waiting. */
export function atOnce<T>(work: (pace: ReadingPace) => Steps<T>): T {
  const steps = work({ isTurnOver: () => false });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Does one work after another and lets the event loop run in between, however much each of them reads. */
export function inTurns(): <T>(work: (pace: ReadingPace) => Steps<T>) => Promise<T> {
  let charactersRead = 0;
  const pace: ReadingPace = {
    isTurnOver(characters) {
      charactersRead += characters;
      return charactersRead >= CHARACTERS_PER_TURN;
    },
  };
  return async (work) => {
    const steps = work(pace);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      charactersRead = 0;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };
}
