/** How many live streams there may be. */
export interface StreamPlaces {
  /** Gives a place and what to call when it is left, once; null where there is none. */
  take(identity: string): (() => void) | null;
}

export function createStreamPlaces(limits: {
  readonly all: number;
  readonly ofOneIdentity: number;
}): StreamPlaces {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take(identity) {
      const own = taken.get(identity) ?? 0;
      if (all >= limits.all || own >= limits.ofOneIdentity) return null;
      all += 1;
      taken.set(identity, own + 1);
      return () => {
        all -= 1;
        const left = (taken.get(identity) ?? 1) - 1;
        if (left === 0) taken.delete(identity);
        else taken.set(identity, left);
      };
    },
  };
}
