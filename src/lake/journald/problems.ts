/** One thing verification found, and where. */
export interface JournalProblem {
  readonly writer: string;
  /** The sequence number of the first event concerned. */
  readonly seq: number;
  /** That event's id, where it can be read. */
  readonly id: string | null;
  readonly place: 'event' | 'head' | 'checkpoint' | 'heads_file';
  readonly problem: string;
}

/** A journal that is damaged throughout is not listed throughout. */
const PROBLEMS_MAX = 100;

export interface ProblemList {
  add(problem: JournalProblem): void;
  /** True when no more is worth looking for. */
  isFull(): boolean;
  /** In the order of the chain. */
  inOrder(): readonly JournalProblem[];
}

export function problemList(): ProblemList {
  const found: JournalProblem[] = [];
  return {
    add(problem) {
      if (found.length < PROBLEMS_MAX) found.push(problem);
    },
    isFull: () => found.length >= PROBLEMS_MAX,
    inOrder: () => [...found].sort((a, b) => a.seq - b.seq),
  };
}
