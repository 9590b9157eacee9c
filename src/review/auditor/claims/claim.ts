import type { Change } from '../change/change.ts';
import type { TestOutcome } from '../run/test-outcome.ts';
import type { ClaimDocument } from './passages.ts';

/** What a claim speaks of. */
export type ClaimKind =
  | 'file'
  | 'symbol'
  | 'wiring'
  | 'count'
  | 'arithmetic'
  | 'table'
  | 'tests'
  | 'scope'
  | 'progress'
  | 'score'
  | 'behaviour'
  | 'purpose';

export type Verdict = 'backed' | 'not_backed' | 'unknown';
/** What can judge a claim: the change and its tree, a run of the tests, or a reader's inference. */
export type Verifier = 'static' | 'dynamic' | 'inference';

/** The answer to one claim, with what it rests on: a command, or a place. */
export interface Judgement {
  readonly verifier: Verifier;
  readonly verdict: Verdict;
  readonly evidence: string;
}

/** A claim as an extractor found it. */
export interface DraftClaim {
  readonly kind: ClaimKind;
  /** The words that make it, as in the document. */
  readonly start: number;
  readonly end: number;
  /** It says only that a thing is there; what its sentence says of the thing is a claim beside it. */
  readonly isReference?: boolean;
  /** The tests that the claim rests on, and what a run of them says of it. */
  readonly run?: {
    readonly files: (change: Change) => readonly string[];
    readonly judge: (outcome: TestOutcome) => Judgement;
  };
  readonly judge: (change: Change) => Judgement | Promise<Judgement>;
}

/** One row of the ledger. */
export interface LedgerRow extends Judgement {
  /** Stable for the same words about the same commit. */
  readonly id: string;
  readonly commit: string;
  readonly kind: ClaimKind;
  readonly claim: string;
  readonly document: ClaimDocument;
  /** From 1, in the document. */
  readonly line: number;
  readonly span: readonly [start: number, end: number];
}

export function backed(evidence: string): Judgement {
  return { verifier: 'static', verdict: 'backed', evidence };
}

export function notBacked(evidence: string): Judgement {
  return { verifier: 'static', verdict: 'not_backed', evidence };
}

export function unknown(evidence: string): Judgement {
  return { verifier: 'static', verdict: 'unknown', evidence };
}

/** What only a reader could judge; no reader is asked. */
export function leftToInference(): Judgement {
  return { verifier: 'inference', verdict: 'unknown', evidence: 'needs a reader; none is asked' };
}
