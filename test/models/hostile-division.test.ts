import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAnswerCollector } from '../../src/ai/aibridge/answer-collector.ts';
import { answerContext, openTextOf } from '../../src/ai/aibridge/answer-context.ts';
import type { ChatDelta } from '../../src/ai/aibridge/chat.ts';
import { createAnswerJudge } from '../../src/ai/aibridge/judged-answer.ts';
import { personalDataInText } from '../../src/lake/catalogd/index.ts';
import { seedOfRun } from '../faults/seeded-random.ts';

// K-17: whoever divides an answer knows the finder. What it finds in a whole thread of the answer had not begun to leave.

const SEED = seedOfRun();
console.log(`seed ${SEED} (LAKEHOUSE_SEED replays it)`);

/** What leaves of each thread, as its reader puts it together, before the refusal. */
function left(deltas: readonly ChatDelta[]): { isRefused: boolean; threads: ReadonlyMap<string, string> } {
  const collector = createAnswerCollector();
  const facts = {
    text: null,
    finish: null,
    provider: '',
    model: '',
    task: '',
    costNanoUsd: null,
    outputTokens: null,
  };
  const context = (said: string) =>
    answerContext({ ...facts, said }, { personalData: personalDataInText, maskedTags: ['pii.*'] });
  const judge = createAnswerJudge({
    extent: 'piece',
    collector,
    openFrom: openTextOf(['personal.leaked_count'], personalDataInText),
    write: ({ deltas: [delta] }) => Buffer.from(`${JSON.stringify(delta)}\n`),
    end: () => new Uint8Array(0),
    pieceContext: context,
    wholeContext: () => context(collector.said()),
  });
  let isRefused = false;
  let bytes = '';
  const release = (chunk: ReturnType<typeof judge.push>) => {
    if (chunk === null) return;
    const { leaked_count: leaked } = (chunk.judge?.context.personal ?? {}) as { leaked_count?: number };
    isRefused ||= leaked !== 0;
    if (!isRefused) bytes += Buffer.from(chunk.bytes).toString();
  };
  for (const delta of deltas) release(judge.push({ bytes: new Uint8Array(0), deltas: [delta] }));
  for (const chunk of judge.end()) release(chunk);
  const threads = new Map<string, string>();
  for (const line of bytes.split('\n').filter((text) => text !== '')) {
    const { key, text } = saidBy(JSON.parse(line));
    threads.set(key, (threads.get(key) ?? '') + text);
  }
  return { isRefused, threads };
}

function saidBy(delta: ChatDelta): { key: string; text: string } {
  if (delta.kind === 'tool_call')
    return { key: `${delta.choice} args ${delta.index}`, text: delta.argumentsJson };
  if (!('text' in delta)) return { key: '', text: '' };
  return { key: `${delta.choice} ${delta.kind}`, text: delta.text };
}

const unit = fc.constantFrom(...`012345678945  --.()+@aé𝐀人\n,'_:/"`);
const token = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit, maxLength: 6 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'ada@example.org',
      'x.y+z@a-b.co.uk',
      '𝐀𝐁@𝐂𝐃.org',
      "o'neil@b.co",
      '+44 20 7946 0958',
      '+442079460958',
      '(555) 248-4677',
      '555-248-4677',
      '1 555.248.4677',
      '219-09-9999',
      '4111 1111 1111 1111',
      '4111111111111111',
      '378282246310005',
      '5555-5555-5555-4444',
      '4222222222222',
      '+44',
      '219-09-',
      '4111 1111 ',
      '1234 ',
      '5678-',
      '99 ',
      '2024 ',
      'ada@',
      '@b.co',
      'ssh://git@',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom(...'0123456789 '), minLength: 20, maxLength: 160 }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('1234 5678 9012 34 ', '1234 ', '12345 ', '7 ')
      .chain((group) => fc.integer({ min: 3, max: 50 }).map((n) => group.repeat(n))),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 70 }).map((n) => 'a'.repeat(n)) },
);
const answer = fc.array(token, { minLength: 1, maxLength: 14 }).map((all) => all.join(''));
const sizes = fc.array(
  fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 300 })),
  { minLength: 1, maxLength: 30 },
);

function divided(text: string, by: readonly number[]): string[] {
  const parts: string[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = by[turn % by.length] ?? 1;
    parts.push(text.slice(at, at + size));
    at += size;
  }
  return parts;
}

test('nothing leaves of what is found in the whole, in one thread', () => {
  let found = 0;
  fc.assert(
    fc.property(answer, sizes, (text, by) => {
      const kinds = personalDataInText.kindsIn(text);
      if (kinds.length === 0) return;
      found += 1;
      const { isRefused, threads } = left(
        divided(text, by).map((part) => ({ kind: 'text', choice: 0, text: part })),
      );
      expect(isRefused).toBe(true);
      const gone = (threads.get('0 text') ?? '').length;
      // With the one character before it, which every kind looks back at.
      expect(personalDataInText.kindsIn(text.slice(Math.max(0, gone - 1))), text.slice(0, gone)).toEqual(
        expect.arrayContaining([...kinds]),
      );
    }),
    { seed: SEED, numRuns: 3_000 },
  );
  expect(found).toBeGreaterThan(500);
});

const escaped = fc.constantFrom(
  (sign: string) => sign,
  (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  (sign: string) => `\\\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  (sign: string) => `\\\\\\\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
);
const value = fc.constantFrom(
  'QXZQ@QXZQ.ORG',
  'Q.X+Z@QXZ-QXZ.QXZ.ORG',
  `${'Q'.repeat(64)}@${'X'.repeat(54)}.ORGORG`,
  '𝐀𝐁𝐂𝐃@𝐀𝐁𝐂𝐃.ORG',
  '+44 20 7946 0958',
  '+(4)4 (20) (79) (46) (09) (58)'.replace('(4)4', '444'),
  '(555) 248-4677',
  '219-09-9999',
  '4111-1111-1111-1111',
  '5555 5555 5555 4444',
);
const calm = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', '\n', ',', '人', '"', '\\n', '\\"', '\\\\'),
  maxLength: 300,
});

test('no card leaves that stands behind a long run of other numbers', () => {
  const text = `${'1234 '.repeat(32)}4111 1111 1111 1111 and so on`;
  for (const size of [1, 3, 4, 7, 40]) {
    const deltas = divided(text, [size]).map((part) => ({ kind: 'text', choice: 0, text: part }) as const);
    const { isRefused, threads } = left(deltas);
    expect(isRefused).toBe(true);
    expect((threads.get('0 text') ?? '').length).toBeLessThanOrEqual(32 * 5);
  }
});

test('no half of a letter lets go of what stands before it', () => {
  const deltas = divided('so 𝐀𝐁@𝐂𝐃.org', [1]).map(
    (part) => ({ kind: 'text', choice: 0, text: part }) as const,
  );
  expect(left(deltas)).toEqual({ isRefused: true, threads: new Map([['0 text', 'so ']]) });
});

test('what a piece is judged with does not begin in the middle of a word', () => {
  const text = `Then git clone ssh://git@example.org/a.git and ${'so it goes on '.repeat(30)}`;
  for (let size = 1; size < 20; size++) {
    const deltas = divided(text, [size]).map((part) => ({ kind: 'text', choice: 0, text: part }) as const);
    expect(left(deltas)).toEqual({ isRefused: false, threads: new Map([['0 text', text]]) });
  }
});

test.each(['\\n', '\\t', '\\\\r', '\\u000a'])('a card behind %s in arguments of a call is found', (blank) => {
  const text = `{"to":"so${blank}4111111111111111${blank}and on"}`;
  const deltas = divided(text, [3]).map(
    (part) =>
      ({ kind: 'tool_call', choice: 0, index: 0, id: null, name: null, argumentsJson: part }) as const,
  );
  const { isRefused, threads } = left(deltas);
  expect(isRefused).toBe(true);
  expect([...threads.values()].join('')).not.toContain('4');
});

test('nothing leaves where escapes of JSON hide it', () => {
  let found = 0;
  fc.assert(
    fc.property(
      calm,
      value,
      fc.array(escaped, { minLength: 1, maxLength: 9 }),
      calm,
      sizes,
      (before, secret, ways, after, by) => {
        const written = Array.from({ length: secret.length }, (_, at) =>
          (ways[at % ways.length] ?? String)(secret.charAt(at)),
        ).join('');
        const front = `${before} `;
        const text = `${front}${written} ${after}`;
        const { isRefused, threads } = left(
          divided(text, by).map((part) => ({
            kind: 'tool_call',
            choice: 0,
            index: 0,
            id: null,
            name: null,
            argumentsJson: part,
          })),
        );
        found += isRefused ? 1 : 0;
        expect((threads.get('0 args 0') ?? '').slice(front.length)).toBe('');
      },
    ),
    { seed: SEED, numRuns: 3_000 },
  );
  expect(found).toBeGreaterThan(500);
});

const spoken = (kind: 'text' | 'reasoning', text: string): ChatDelta =>
  kind === 'text' ? { kind, choice: 0, text } : { kind, choice: 0, text, signature: null };

test('nothing leaves where thinking and text are told in turns', () => {
  const text = `so ${'Q'.repeat(60)}@${'X'.repeat(50)}.org`;
  const deltas = [...text].flatMap((sign) => [spoken('text', sign), spoken('reasoning', 'so it is ')]);
  const { isRefused, threads } = left(deltas);
  expect(isRefused).toBe(true);
  expect(threads.get('0 text') ?? '').not.toMatch(/[QX@]/);
});

test.each([
  ['QXZQ@QXZQ.o', 'rg'],
  ['4111 1111 1111 111', '1'],
  ['+44 20 7946 09', '58'],
  ['219-09-999', '9'],
])('nothing leaves of %j where long thinking comes before the rest of it', (begun, more) => {
  const deltas = [
    spoken('text', `so ${begun}`),
    ...Array.from({ length: 40 }, () => spoken('reasoning', 'and so it is ')),
    spoken('text', `${more} and so on`),
  ];
  const { isRefused, threads } = left(deltas);
  expect(isRefused).toBe(true);
  expect(threads.get('0 text') ?? '').not.toMatch(/[QXZ@\d]/);
});

test('thinking that has ended does not hold the text back', () => {
  const deltas = [
    spoken('reasoning', 'So it is, since 2019.'),
    ...Array.from({ length: 40 }, () => spoken('text', 'and so it is ')),
  ];
  const judge = createAnswerJudge({
    extent: 'piece',
    collector: createAnswerCollector(),
    openFrom: openTextOf(['personal.leaked_count'], personalDataInText),
    write: () => Buffer.from('.'),
    end: () => new Uint8Array(0),
    pieceContext: () => ({}),
    wholeContext: () => ({}),
  });
  const gone = deltas.map((delta) => judge.push({ bytes: new Uint8Array(0), deltas: [delta] }) !== null);
  expect(gone.indexOf(true)).toBeLessThan(12);
  expect(gone.at(-1)).toBe(true);
});
