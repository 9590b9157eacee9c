/** One figure of the bench table. */
export interface BenchRow {
  readonly name: string;
  readonly ours: number;
  /** The peer, measured in the same run; where a figure has none, the limit it is held to. */
  readonly peer: number;
  readonly ratio: number;
  readonly target: string;
  /** Of `ours` and `peer`; none for bare counts. */
  readonly unit?: string;
}

/** What a bench file exports: `run`, or several parts by name, each of which can be run alone. */
export interface BenchModule {
  readonly run?: () => Promise<readonly BenchRow[]>;
  readonly parts?: Readonly<Record<string, () => Promise<readonly BenchRow[]>>>;
}
