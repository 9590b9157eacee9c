/** What happened to a file between two iterations. */
export const MOVEMENT_CLASSES = ['CONVERGING', 'LOOPING', 'ORBITING', 'PLATEAU', 'MIXED'] as const;
export type MovementClass = (typeof MOVEMENT_CLASSES)[number];

/** What the class of a file is decided by. */
export interface FileFacts {
  readonly delta: number;
  readonly tau: number;
  /** Of `calibratedConfidence`. */
  readonly confidence: number;
  /** Findings of the earlier iteration that are gone, whose code changed and whose check passes. */
  readonly landed: number;
  /** Findings of the later iteration: those never seen before, those seen before, those that had been fixed. */
  readonly novel: number;
  readonly recurring: number;
  readonly returned: number;
  /** Whether a critical finding stands in this iteration and in the one before it. */
  readonly criticalTwice: boolean;
}

export interface ClassifiedMovement {
  readonly class: MovementClass;
  readonly reason: string;
}

/** Calibrated confidence from which standing still is called a plateau. */
const SURE = 0.8;

/** The first class that matches. A rise of the score without a landed fix is never CONVERGING. */
export function classOf(facts: FileFacts): ClassifiedMovement {
  const { confidence, criticalTwice, delta, landed, novel, returned, tau } = facts;
  const found = novel + facts.recurring + returned;
  const recurring = facts.recurring + returned;
  const change = `δ ${signedDelta(delta)}`;
  const threshold = `τ ${tau.toFixed(2)}`;
  if (landed > 0 && delta >= tau && returned === 0)
    return { class: 'CONVERGING', reason: `${landed} landed, ${change} ≥ ${threshold}, none returned` };
  if (found > 0 && recurring * 2 >= found && criticalTwice)
    return {
      class: 'LOOPING',
      reason: `${recurring} of ${found} findings recur, a critical one in two consecutive iterations`,
    };
  if (landed > 0 && found > 0 && novel * 2 >= found && delta < tau)
    return {
      class: 'ORBITING',
      reason: `${landed} landed, ${novel} of ${found} findings are novel, ${change} < ${threshold}`,
    };
  if (Math.abs(delta) < tau && confidence >= SURE)
    return {
      class: 'PLATEAU',
      reason: `|${change}| < ${threshold}, calibrated confidence ${confidence.toFixed(2)} ≥ ${SURE}`,
    };
  return { class: 'MIXED', reason: mixedReason(facts) };
}

function mixedReason({ confidence, delta, landed, returned, tau }: FileFacts): string {
  const change = `δ ${signedDelta(delta)}`;
  const threshold = `τ ${tau.toFixed(2)}`;
  if (returned > 0) return `${returned} returned after being fixed, ${change}`;
  if (delta >= tau) return `${change} ≥ ${threshold}, but no finding landed: a bare rise of the score`;
  if (delta <= -tau) return `${change} ≤ −${threshold}: the score fell`;
  if (landed > 0) return `${landed} landed, but ${change} is inside the noise (${threshold})`;
  return `|${change}| < ${threshold}, but calibrated confidence ${confidence.toFixed(2)} < ${SURE}`;
}

/** A change of a score, for people: with its sign and two decimals. */
export function signedDelta(delta: number): string {
  return `${delta < 0 ? '−' : '+'}${Math.abs(delta).toFixed(2)}`;
}
