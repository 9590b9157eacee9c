/** Who reads what no proof settles. The room has no network: whoever calls it hands a reader in. */
export interface Reader {
  /** Never throws for want of an answer. */
  ask(question: ReaderQuestion): Promise<ReaderAnswer>;
  /** Text that nobody can foresee, to frame what was written by others. */
  nonce(): string;
}

/** One question to a model that has no tools. */
export interface ReaderQuestion {
  readonly instructions: string;
  /** What is to be read, framed: hostile. */
  readonly material: string;
}

export type ReaderAnswer =
  | { readonly kind: 'answered'; readonly model: string; readonly text: string }
  /** `isFinal`: the next question would fare no better. */
  | { readonly kind: 'no_answer'; readonly reason: string; readonly isFinal: boolean };

/** What came of asking. */
export interface ReaderUse {
  readonly questions: number;
  readonly answered: number;
  /** Why it was not asked on; null where every question was put. */
  readonly problem: string | null;
}
