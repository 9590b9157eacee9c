import { hostOf, type PostTarget } from './host-of.ts';

/** Title and description of a pull request, as its code host has them now; null where it has none. Throws `auditor.post_refused`. */
export async function pullRequestText(
  target: PostTarget,
  fetch: typeof globalThis.fetch,
): Promise<string | null> {
  const { title, description } = await hostOf(target, fetch).words();
  return title === '' && description === '' ? null : `${title}\n\n${description}\n`;
}
