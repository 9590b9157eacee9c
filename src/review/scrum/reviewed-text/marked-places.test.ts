import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addressesReviewer } from '../../inspect/index.ts';
import { blindText } from './blind-text.ts';

/** A place of this repository, of a package or of a document that was marked once, and what a person found on reading it. */
interface MarkedPlace {
  readonly place: string;
  readonly text: string;
  readonly isTrue: boolean;
  readonly why: string;
  /** False where it is let through, for the reason that `why` gives. */
  readonly isMarked?: boolean;
}

const PLACES: readonly MarkedPlace[] = JSON.parse(
  readFileSync(new URL('../../../../bench/review/words/marked-places.json', import.meta.url), 'utf8'),
);
const isDocument = ({ place }: MarkedPlace) => /\.mdx?$/.test(place.replace(/:\d+$/, ''));
const marks = async (one: MarkedPlace) =>
  isDocument(one)
    ? addressesReviewer(one.text, 'prose')
    : (await blindText(one.place.replace(/:\d+$/, ''), 'text', one.text)).addressed.length > 0;

const marked = async (places: readonly MarkedPlace[]) => {
  const judged = await Promise.all(places.map(marks));
  return places.filter((_, at) => judged[at]);
};

test('places that a person read as no address of a reviewer are not marked', async () => {
  const wrong = await marked(PLACES.filter((one) => !one.isTrue));
  expect(wrong.map(({ place }) => place)).toEqual([]);
  expect(PLACES.filter(({ isTrue }) => !isTrue).length).toBeGreaterThanOrEqual(60);
});

test('places that a person read as one are marked, but for those that are named', async () => {
  const wanted = PLACES.filter((one) => one.isTrue && one.isMarked !== false);
  const found = new Set(await marked(wanted));
  const missed = wanted.filter((one) => !found.has(one));
  expect(missed.map(({ place }) => place)).toEqual([]);
  expect(PLACES.filter(({ isMarked }) => isMarked === false)).toHaveLength(1);
});
