/** A seeded generator (mulberry32) of numbers from 0 to below 1: the same seed replays the same schedule. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The seed of this run: LAKEHOUSE_SEED where it is set, else a new one. Print it. */
export function seedOfRun(): number {
  const given = process.env.LAKEHOUSE_SEED;
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}
