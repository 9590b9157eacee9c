/** The end of a request's time, counted from when it asked: one for its wait and its run together. */
export interface Deadline {
  /** Says what is to end when the time is over, at once where it is; takes the place of what was said before. */
  onReached(end: () => void): void;
  /** The request is done: nothing ends any more. */
  clear(): void;
}

export function startDeadline(timeoutMs: number): Deadline {
  let isReached = false;
  let end = () => {};
  const timer = setTimeout(() => {
    isReached = true;
    end();
  }, timeoutMs);
  return {
    onReached(next) {
      end = next;
      if (isReached) next();
    },
    clear: () => clearTimeout(timer),
  };
}
