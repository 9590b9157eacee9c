/** Time as a parameter, so that a test can replay it. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may go backward. */
  nowMs(): number;
  /** Milliseconds from an arbitrary origin; never goes backward. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
