/** One figure of the bench table. Every bench file exports `run(): Promise<BenchRow[]>`; its rows keep to this. */
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
