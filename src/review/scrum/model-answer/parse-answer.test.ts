import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBlindAnswer, parseDirectedAnswer } from './parse-answer.ts';

const ANSWER = {
  verdict: 'needs_work',
  score: 4,
  confidence: 0.7,
  critical_failures: [
    { kind: 'ignored-result', symbol: 'guard', line: 2, claim: 'The result is not read; anyone passes.' },
  ],
  verified_components: [{ symbol: 'main', line: 1, claim: 'Calls it.' }],
  missing_components: [{ kind: 'limit', symbol: '', line: null, claim: 'Nothing bounds the loop.' }],
};
const JSON_TEXT = JSON.stringify(ANSWER);
const FENCED = `Here it is.\n\n\`\`\`json\n${JSON.stringify(ANSWER, null, 2)}\n\`\`\``;
const MARKDOWN = `# Review

## Verdict
needs_work

## Score
4/10

## Confidence
0.7

## Critical failures
- [ignored-result] \`guard\`, line 2: The result is not read; anyone passes.

## Verified components
- \`main\`, line 1: Calls it.

## Missing components
- [limit] Nothing bounds the loop.

END OF REVIEW`;
const hasLine = (line: number) => line >= 1 && line <= 3;

test.each([
  ['json', JSON_TEXT],
  ['json', `<think>Ten? No.</think>\n${JSON_TEXT}\n`],
  ['fenced_json', FENCED],
  ['markdown', MARKDOWN],
])('an answer in %s is taken with all it says', (format, text) => {
  const parsed = parseBlindAnswer(text, hasLine);
  expect(parsed).toMatchObject({
    outcome: 'accepted',
    format,
    answer: {
      verdict: 'needs_work',
      score: 4,
      confidence: 0.7,
      critical_failures: [
        { kind: 'ignored-result', symbol: 'guard', line: 2, claim: 'The result is not read; anyone passes.' },
      ],
      verified_components: [{ symbol: 'main', line: 1, claim: 'Calls it.' }],
      missing_components: [{ kind: 'limit' }],
    },
  });
});

const without = (member: keyof typeof ANSWER) => {
  const { [member]: _, ...rest } = ANSWER;
  return JSON.stringify(rest);
};

test.each([
  ['unparsable', 'The file is fine: score 10, verdict sound.'],
  ['unparsable', ''],
  ['unparsable', `${JSON_TEXT} And that is all.`],
  ['unparsable', `[${JSON_TEXT}]`],
  ['unparsable', '{"score": 10'],
  ['refused', 'I’m sorry, but I cannot review this file.'],
  ['refused', "I can't help with that."],
  ['incomplete', '{}'],
  ['incomplete', without('verdict')],
  ['incomplete', without('score')],
  ['incomplete', without('missing_components')],
  ['incomplete', JSON.stringify({ ...ANSWER, score: 11 })],
  ['incomplete', JSON.stringify({ ...ANSWER, verdict: 'no_verdict' })],
  ['incomplete', MARKDOWN.replace('## Confidence\n0.7\n', '')],
  ['bad_citation', JSON.stringify({ ...ANSWER, verified_components: [{ line: 4, claim: 'x' }] })],
  ['bad_citation', JSON.stringify({ ...ANSWER, critical_failures: [], verified_components: [] })],
  ['unparsable', MARKDOWN.replace('END OF REVIEW', '')],
])('is %s: %s', (outcome, text) => {
  expect(parseBlindAnswer(text, hasLine).outcome).toBe(outcome);
});

test('suggestions are taken from JSON and from Markdown, and name a finding that is known', () => {
  const suggestion = {
    finding_id: 'f1',
    summary: 'Read the result.',
    signature: 'function guard(): boolean',
    first_lines: 'if (!guard()) return;',
    test_to_update: 'guard.test.ts',
    new_test: 'refuses where the guard refuses',
    diff: null,
  };
  const isFinding = (id: string) => id === 'f1';
  const json = JSON.stringify({ suggestions: [suggestion] });
  expect(parseDirectedAnswer(json, isFinding)).toMatchObject({
    outcome: 'accepted',
    answer: { suggestions: [suggestion] },
  });
  const markdown = `## Suggestions
### One
- finding_id: f1
- summary: Read the result.
- signature: \`function guard(): boolean\`
- test_to_update: guard.test.ts
- new_test: refuses where the guard refuses
\`\`\`ts
if (!guard()) return;
\`\`\`
END OF REVIEW`;
  expect(parseDirectedAnswer(markdown, isFinding)).toMatchObject({
    outcome: 'accepted',
    format: 'markdown',
    answer: { suggestions: [{ finding_id: 'f1', first_lines: 'if (!guard()) return;' }] },
  });
  expect(parseDirectedAnswer(json, () => false).outcome).toBe('bad_citation');
});

test('an answer that was cut anywhere is never taken as complete', () => {
  for (const text of [JSON_TEXT, FENCED, MARKDOWN]) {
    for (let length = 0; length < text.length; length++) {
      expect(parseBlindAnswer(text.slice(0, length), hasLine).outcome).not.toBe('accepted');
    }
  }
});

test('a long answer of any shape is read in time that grows with its length', () => {
  const shapes = [
    '# ',
    '- a ',
    '- ',
    '```\n',
    '\n```json\n',
    'line 1 ',
    '`',
    '[',
    '## Verdict\n',
    '## Suggestions\n### a\n- a : ',
    ' ',
  ];
  for (const shape of shapes) {
    const spent = [20_000, 200_000].map((length) => {
      const text = `## Suggestions\n### x\n- ${shape.repeat(length / shape.length)}x\nEND OF REVIEW`;
      const before = process.cpuUsage();
      for (let run = 0; run < 3; run++) parseDirectedAnswer(text, () => true);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    });
    // Ten times the text may take far more than ten times as long on a busy machine, but not a hundred times.
    expect((spent[1] ?? 0) / Math.max(spent[0] ?? 0, 2_000), shape).toBeLessThan(60);
  }
});

test('no text makes it throw, and none but a whole answer is accepted', () => {
  const pieces = fc.constantFrom(
    ...JSON_TEXT.split(/(?<=[,:{}])/),
    ...FENCED.split('\n'),
    ...MARKDOWN.split('\n'),
    '```',
    '#',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('\n')),
    fc.json(),
    fc.constant('['.repeat(100_000)),
    fc.constant(`{"a":${'['.repeat(50_000)}`),
  );
  const seed = Math.trunc(Math.random() * 2 ** 31);
  console.log(`parse-answer seed ${seed}`);
  fc.assert(
    fc.property(texts, (text) => {
      const { outcome } = parseBlindAnswer(text, hasLine);
      parseDirectedAnswer(text, () => true);
      if (outcome === 'accepted') expect(text).toMatch(/verdict/i);
    }),
    { seed, numRuns: 2_000 },
  );
});
