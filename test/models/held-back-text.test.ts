import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAnswerCollector } from '../../src/ai/aibridge/answer-collector.ts';
import { openTextOf } from '../../src/ai/aibridge/answer-context.ts';
import { createAnswerJudge } from '../../src/ai/aibridge/judged-answer.ts';
import { personalDataInText } from '../../src/lake/catalogd/index.ts';
import { seedOfRun } from '../faults/seeded-random.ts';

// K-17, with the finder that the server has: rules over what was found in pieces hold back only what may become a find.

const SEED = seedOfRun();
console.log(`seed ${SEED} (LAKEHOUSE_SEED replays it)`);

/** The bytes that leave with each piece, until one is refused for what was found in it or around it. */
function pieces(
  said: readonly string[],
  fieldsOfPieces: readonly string[],
  refuses: (said: string) => boolean,
) {
  const judge = createAnswerJudge({
    extent: 'piece',
    collector: createAnswerCollector(),
    openFrom: openTextOf(fieldsOfPieces, personalDataInText),
    write: ({ bytes }) => bytes,
    end: () => new Uint8Array(0),
    pieceContext: (text) => ({ text }),
    wholeContext: () => ({ text: said.join('') }),
  });
  const left: string[] = [];
  let isRefused = false;
  const release = (chunk: ReturnType<typeof judge.push>) => {
    isRefused ||= refuses(String(chunk?.judge?.context.text ?? ''));
    left.push(isRefused || chunk === null ? '' : Buffer.from(chunk.bytes).toString());
  };
  for (const text of said) {
    release(judge.push({ bytes: Buffer.from(text), deltas: [{ kind: 'text', choice: 0, text }] }));
  }
  for (const chunk of judge.end()) release(chunk);
  return { left, isRefused };
}

const FOUND = ['personal.leaked_count', 'cost_usd'];
const isPersonal = (text: string) => personalDataInText.kindsIn(text).length > 0;

test('no character of a value leaves, wherever the answer is divided', () => {
  const filler = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', ',', '人'), maxLength: 300 });
  // Letters and digits that stand nowhere else.
  const value = fc.constantFrom(
    'QXZQ@QXZQ.ORG',
    'Q.X+Z@QXZ-QXZ.QXZ.ORG',
    '+44 20 7946 0958',
    '(555) 248-4677',
    '219-09-9999',
    '4111-1111-1111-1111',
    '5555 5555 5555 4444',
  );
  const cuts = fc.array(fc.nat(1_000), { maxLength: 80 });
  fc.assert(
    fc.property(filler, value, filler, cuts, (before, secret, after, places) => {
      const text = `${before} ${secret} ${after}`;
      const at = [...new Set([0, ...places.map((place) => place % text.length), text.length])].sort(
        (a, b) => a - b,
      );
      const { left, isRefused } = pieces(
        at.slice(1).map((end, index) => text.slice(at[index], end)),
        FOUND,
        isPersonal,
      );
      expect(isRefused).toBe(true);
      expect(left.join('')).not.toMatch(/[QXZORG0-9]/);
    }),
    { seed: SEED, numRuns: 2_000 },
  );
});

test('what ends a word leaves at once where rules read only what was found', () => {
  const { left } = pieces(
    ['The first ', 'candidate ', 'is a wel', 'der, ', 'since ', '2019', ' or so.'],
    FOUND,
    isPersonal,
  );
  expect(left.slice(0, 7)).toEqual(['The first ', 'candidate ', '', 'is a welder, ', 'since ', '', '2019']);
  expect(left.join('')).toBe('The first candidate is a welder, since 2019 or so.');
});

test.each([['answer.text'], ['answer.said'], ['answer'], ['answer.is_empty']])(
  'a rule over %s holds back what it may look for',
  (field) => {
    const said = Array.from({ length: 40 }, (_, at) => `word ${at} `);
    const { left } = pieces(said, [...FOUND, field], (text) => text.includes('word 12 word 13'));
    expect(left.slice(0, 10).join('')).toBe('');
    expect(left.join('')).not.toContain('word 12');
  },
);

test('where escapes of JSON hide what a text says, it waits', () => {
  const said = ['so far ', 'and \\u0051', ' far ', 'and so ', 'on and '];
  expect(pieces(said, FOUND, isPersonal).left.slice(0, 5)).toEqual(['so far ', '', '', '', '']);
});
