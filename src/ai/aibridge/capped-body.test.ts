import { expect, test } from 'vitest';
import type { JsonObject } from '../../base/index.ts';
import { cappedBody } from './capped-body.ts';

const thinking = (budget_tokens: number, more: JsonObject = {}): JsonObject => ({
  thinking: { type: 'enabled', budget_tokens, ...more },
});

test.each<readonly [string, JsonObject, number, JsonObject]>([
  ['a higher limit is lowered', { max_tokens: 900 }, 500, { max_tokens: 500 }],
  ['a lower one stays', { max_tokens: 400 }, 500, { max_tokens: 400 }],
  [
    'each of two limits is lowered',
    { max_tokens: 900, max_completion_tokens: 800 },
    500,
    { max_tokens: 500, max_completion_tokens: 500 },
  ],
  [
    'a budget keeps what it leaves for the answer',
    { max_tokens: 8_000, ...thinking(6_000, { display: 'omitted' }) },
    4_000,
    { max_tokens: 4_000, ...thinking(2_000, { display: 'omitted' }) },
  ],
  [
    'a budget is never below the least',
    { max_tokens: 8_000, ...thinking(4_000) },
    2_000,
    { max_tokens: 2_000, ...thinking(1_024) },
  ],
  [
    'a budget that equals the lowered limit is lowered',
    { max_tokens: 8_000, ...thinking(4_000) },
    4_000,
    { max_tokens: 4_000, ...thinking(1_024) },
  ],
  [
    'a budget that fits stays',
    { max_tokens: 8_000, ...thinking(1_024) },
    1_025,
    { max_tokens: 1_025, ...thinking(1_024) },
  ],
  [
    'one past the client’s own limit is the client’s: it thinks between calls of tools',
    { max_tokens: 8_000, ...thinking(9_000) },
    4_000,
    { max_tokens: 4_000, ...thinking(9_000) },
  ],
  [
    'thinking without a budget stays',
    { max_tokens: 8_000, thinking: { type: 'adaptive' } },
    500,
    { max_tokens: 500, thinking: { type: 'adaptive' } },
  ],
])('%s', (_what, body, cap, expected) => {
  expect(cappedBody(body, { cap, writesAtMost: 1_000 })).toEqual({ body: expected });
});

test('where there is no room to think, the model is not asked', () => {
  const body = { max_tokens: 8_000, ...thinking(4_000) };
  expect(() => cappedBody(body, { cap: 1_024, writesAtMost: 9_000 })).toThrow(
    expect.objectContaining({
      code: 'models.not_translatable',
      data: { members: ['thinking.budget_tokens'] },
    }),
  );
});

test('a limit is added where there is none and the model would write more', () => {
  expect(cappedBody({}, { cap: 500, writesAtMost: 1_000 })).toEqual({ body: {}, addedLimit: 500 });
  expect(cappedBody({}, { cap: 1_000, writesAtMost: 1_000 })).toEqual({ body: {} });
});
