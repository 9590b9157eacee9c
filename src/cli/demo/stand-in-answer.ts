/** The rows between the marks that retrieved context stands between; empty where there are none. */
export function rowsOf(prompt: string): readonly Readonly<Record<string, unknown>>[] {
  const between = /<<<rows 1\n([\s\S]*?)rows 1>>>/.exec(prompt)?.[1] ?? '';
  return between
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** The candidate of the context with the most years, and how to reach them as far as the context tells. */
export function bestCandidate(prompt: string): string {
  const best = rowsOf(prompt).toSorted(
    (a, b) =>
      Number(b.years_experience) - Number(a.years_experience) ||
      String(a.full_name).localeCompare(String(b.full_name)),
  )[0];
  if (best === undefined) return 'I was given no rows, and I am no model: I have nothing to say.';
  return `${best.full_name}, ${best.years_experience} years of ${best.skill} in ${best.city}. Write to ${best.email}. [1]`;
}

/** What a model does that is asked for what it cannot know: an address nobody gave it. */
export function madeUpAddress(prompt: string): string {
  const [row] = rowsOf(prompt);
  return `It is hidden from me, but people of ${row?.city ?? 'that town'} often write from mara.lindqvist@example.com.`;
}
