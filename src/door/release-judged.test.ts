import { expect, it } from 'vitest';
import type { JudgedChunk } from '../govern/scope/index.ts';
import type { RuleExtent } from '../govern/truth/index.ts';
import { releaseJudged } from './release-judged.ts';

/** A chunk as a room makes it: `?` has no context yet, `.` completes a piece, `!` completes the whole answer. */
function chunksOf(written: readonly string[]): AsyncIterable<JudgedChunk> {
  async function* chunks() {
    for (const text of written) {
      const bytes = Buffer.from(text);
      const final = text.endsWith('!');
      yield { bytes, judge: text.endsWith('?') ? null : { context: { text }, final } };
    }
  }
  return chunks();
}

/** What left and what was judged, in order, and how it ended. */
async function release(written: readonly string[], extent: RuleExtent | 'none', refused = '') {
  const seen: string[] = [];
  const chunks = releaseJudged(chunksOf(written), extent, (_context, judged, held) => {
    const text = Buffer.from(held()).toString();
    seen.push(`${judged} ${text}`);
    if (text === refused) throw new Error('not this');
  });
  try {
    for await (const bytes of chunks) if (bytes.length > 0) seen.push(Buffer.from(bytes).toString());
    return [...seen, 'ended'];
  } catch (error) {
    return [...seen, error instanceof Error ? error.message : ''];
  }
}

it.each([
  ['none', ['a?', 'b.', 'c!'], '', ['a?', 'b.', 'whole c!', 'c!', 'ended']],
  ['piece', ['a?', 'b.', 'c!'], '', ['piece a?b.', 'a?', 'b.', 'whole c!', 'c!', 'ended']],
  ['whole', ['a?', 'b.', 'c!'], '', ['whole a?b.c!', 'a?', 'b.', 'c!', 'ended']],
  ['piece', ['a.', 'b?', 'c.', 'd!'], 'b?c.', ['piece a.', 'a.', 'piece b?c.', 'not this']],
  ['whole', ['a.', 'b!'], 'a.b!', ['whole a.b!', 'not this']],
] as const)('where rules see the %s, %j leaves judged', async (extent, written, refused, expected) => {
  expect(await release(written, extent, refused)).toEqual(expected);
});

it.each(['none', 'piece', 'whole'] as const)(
  'sends nothing that comes after the whole was judged, where rules see the %s',
  async (extent) => {
    for (const more of ['b!', 'b.', 'b?']) {
      expect(await release(['a!', more], extent)).toEqual([
        'whole a!',
        'a!',
        'an answer went on after its last chunk',
      ]);
    }
  },
);

it.each([
  ['none', ['a.', 'an answer ended without the context of the whole']],
  ['piece', ['piece a.', 'a.', 'an answer ended without the context of the whole']],
  ['whole', ['an answer ended without the context of the whole']],
] as const)(
  'does not end as whole an answer that breaks off, where rules see the %s',
  async (extent, expected) => {
    expect(await release(['a.'], extent)).toEqual(expected);
  },
);
