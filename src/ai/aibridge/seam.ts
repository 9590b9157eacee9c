/** Longest repetition that is looked for where a continued answer joins the part before it. */
const SEAM_CHARACTERS = 400;
/** Shorter ones happen by chance: "the", a bracket. */
const LEAST_CHARACTERS = 8;

/** Joins a continuation to what came before it, without what it repeats. */
export interface Seam {
  /** What of the text may be shown now; the beginning waits until the repetition is judged. */
  push(text: string): string;
  /** What was still waiting. */
  end(): string;
}

export function createSeam(before: string): Seam {
  const tail = before.slice(-SEAM_CHARACTERS);
  let waiting: string | null = tail === '' ? null : '';
  const release = (): string => {
    const text = waiting ?? '';
    waiting = null;
    return text.slice(overlap(tail, text));
  };
  return {
    push(text) {
      if (waiting === null) return text;
      waiting += text;
      return waiting.length < SEAM_CHARACTERS ? '' : release();
    },
    end: () => (waiting === null ? '' : release()),
  };
}

/** The length of the longest beginning of `text` that `tail` ends with; 0 below the least. */
export function overlap(tail: string, text: string): number {
  const longest = Math.min(tail.length, text.length);
  for (let length = longest; length >= LEAST_CHARACTERS; length--) {
    if (tail.endsWith(text.slice(0, length))) return length;
  }
  return 0;
}
