/**
 * A compiled statement for the metadata store. With a guard, another number of affected rows refuses the whole batch
 * and nothing of it is kept.
 */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly guard?: {
    readonly rows: number;
    /** Names the refusal: the door makes another attempt, which re-reads the state and either changes its plan or throws. */
    readonly refusal: string;
  };
}
