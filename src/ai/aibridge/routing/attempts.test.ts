import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FailureClass } from '../provider.ts';
import { Attempts, type AttemptsEnd } from './attempts.ts';
import { Breakers } from './breaker.ts';
import { FailureLog } from './failure-log.ts';
import type { Rung } from './plan-route.ts';
import { RetryBudgets } from './retry-budget.ts';

const POLICY = { max_attempts: 3, base_ms: 100, max_ms: 1_000, budget_ratio: 0.2, budget_burst: 100 };
const BREAKER = { failures: 100, window_s: 60, open_s: 30 };
const CLASSES: readonly FailureClass[] = [
  'rate_limited',
  'server_error',
  'timeout',
  'unreachable',
  'refused_key',
  'unknown_model',
  'bad_request',
  'context_too_long',
  'cut_off',
  'cancelled',
];
const USUAL = CLASSES.filter((one) => one !== 'bad_request' && one !== 'cancelled');

function rung(model: string, provider = 'p'): Rung {
  const entry = {
    name: `${provider}/${model}`,
    contextWindow: 1,
    tokensPerImage: 1,
    maxOutputTokens: 1,
    billing: 'free' as const,
    prices: null,
    feePicoUsd: 0n,
    capabilities: new Set<never>(),
  };
  return { provider, model, entry, maxOutputTokens: 1, final: false };
}

function world({ policy = POLICY, breaker = BREAKER, random = (): number => 0.5 } = {}) {
  const time = { nowMs: 0 };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };
  const parts = {
    policy,
    breakers: new Breakers(breaker, clock),
    budgets: new RetryBudgets(policy),
    log: new FailureLog(clock, 60_000),
    random,
  };
  const begin = (models: readonly string[], fallbackOn: readonly FailureClass[] = USUAL) =>
    new Attempts(
      {
        rule: null,
        ladder: null,
        rungs: models.map((model) => rung(model)),
        fallbackOn: new Set(fallbackOn),
        explanation: [],
      },
      parts,
    );
  return { time, parts, begin };
}

type Step = FailureClass | { class: FailureClass; retryAfterMs?: number; answerBegun?: boolean } | 'ok';

/** Runs the steps and tells each attempt as `model+wait`, and how it ended. */
function run(
  attempts: Attempts,
  steps: readonly Step[],
): { made: readonly string[]; end: AttemptsEnd | null } {
  const made: string[] = [];
  for (const step of steps) {
    const attempt = attempts.next();
    if (attempt === null) break;
    made.push(`${attempt.rung.model}+${attempt.waitMs}`);
    if (step === 'ok') attempts.succeeded(attempt.rung);
    else {
      const {
        class: failure,
        retryAfterMs = null,
        answerBegun = false,
      } = typeof step === 'string' ? { class: step } : step;
      attempts.failed(attempt.rung, { class: failure, retryAfterMs }, { answerBegun });
    }
  }
  expect(attempts.next() === null).toBe(attempts.end !== null);
  return { made, end: attempts.end };
}

test.each<[string, readonly Step[], readonly string[], AttemptsEnd | null]>([
  ['a success', ['ok'], ['a+0'], 'succeeded'],
  ['a success at the second try', ['timeout', 'ok'], ['a+0', 'a+50'], 'succeeded'],
  [
    'tries with growing waits, then the next rung at once',
    ['server_error', 'server_error', 'server_error', 'ok'],
    ['a+0', 'a+50', 'a+100', 'b+0'],
    'succeeded',
  ],
  ['a key that is refused', ['refused_key', 'ok'], ['a+0', 'b+0'], 'succeeded'],
  ['an unknown model', ['unknown_model', 'context_too_long', 'ok'], ['a+0', 'b+0', 'c+0'], 'succeeded'],
  ['a request at fault', ['bad_request'], ['a+0'], 'stopped'],
  ['what the caller ended', ['cancelled'], ['a+0'], 'stopped'],
  ['an answer cut off before it was passed on', ['cut_off', 'ok'], ['a+0', 'a+50'], 'succeeded'],
  ['an answer cut off that had begun', [{ class: 'cut_off', answerBegun: true }], ['a+0'], 'stopped'],
  [
    'any failure once the answer had begun',
    [{ class: 'server_error', answerBegun: true }],
    ['a+0'],
    'stopped',
  ],
  ['a wait asked for', [{ class: 'rate_limited', retryAfterMs: 700 }, 'ok'], ['a+0', 'a+750'], 'succeeded'],
  [
    'a wait asked for near the longest',
    [{ class: 'rate_limited', retryAfterMs: 990 }, 'ok'],
    ['a+0', 'a+1000'],
    'succeeded',
  ],
  ['a wait too long', [{ class: 'rate_limited', retryAfterMs: 1_001 }, 'ok'], ['a+0', 'b+0'], 'succeeded'],
  ['every rung', ['unknown_model', 'unknown_model', 'unknown_model'], ['a+0', 'b+0', 'c+0'], 'exhausted'],
])('after %s', (_what, steps, made, end) => {
  expect(run(world().begin(['a', 'b', 'c']), steps)).toEqual({ made, end });
});

test('falls only on what the ladder falls on', () => {
  const begin = (on: readonly FailureClass[]) => world().begin(['a', 'b'], on);
  expect(run(begin(['bad_request']), ['bad_request', 'ok']).made).toEqual(['a+0', 'b+0']);
  expect(run(begin([]), ['unknown_model'])).toEqual({ made: ['a+0'], end: 'stopped' });
  expect(run(begin([]), ['timeout', 'timeout', 'timeout'])).toEqual({
    made: ['a+0', 'a+50', 'a+100'],
    end: 'stopped',
  });
});

test('passes over a rung whose breaker is open, and says so where no rung is left', () => {
  const { parts, begin, time } = world({ breaker: { ...BREAKER, failures: 2 } });
  run(begin(['a']), ['timeout', 'timeout']);
  expect(run(begin(['a', 'b']), ['ok']).made).toEqual(['b+0']);
  expect(run(begin(['a']), [])).toEqual({ made: [], end: 'kept_off' });
  time.nowMs += 30_000;
  const probe = begin(['a']);
  expect(probe.next()?.rung.model).toBe('a');
  // One probe at a time; a second request is kept off meanwhile.
  expect(run(begin(['a']), [])).toEqual({ made: [], end: 'kept_off' });
  expect(parts.breakers.open()).toMatchObject([{ model: 'a', state: 'half_open' }]);
});

test('a retry the breaker keeps off goes on only where the ladder falls on the failure', () => {
  const open = () => world({ breaker: { ...BREAKER, failures: 1 } });
  expect(run(open().begin(['a', 'b'], []), ['timeout'])).toEqual({ made: ['a+0'], end: 'kept_off' });
  expect(run(open().begin(['a', 'b']), ['timeout', 'ok']).made).toEqual(['a+0', 'b+0']);
});

test('without budget a failure is not retried and the ladder goes on', () => {
  const { begin } = world({ policy: { ...POLICY, budget_burst: 1 } });
  expect(run(begin(['a', 'b']), ['timeout', 'timeout', 'ok']).made).toEqual(['a+0', 'a+50', 'b+0']);
  expect(run(begin(['a', 'b']), ['timeout', 'ok']).made).toEqual(['a+0', 'b+0']);
});

test('a rung that was not called is passed over, and its probe goes to another request', () => {
  const { begin, time } = world({ breaker: { ...BREAKER, failures: 1 } });
  run(begin(['a']), ['timeout']);
  time.nowMs += 30_000;
  const attempts = begin(['a', 'b']);
  const first = attempts.next();
  if (first !== null) attempts.passedOver(first.rung);
  expect(first?.rung.model).toBe('a');
  expect(attempts.next()).toMatchObject({ rung: { model: 'b' }, waitMs: 0, number: 2 });
  expect(begin(['a']).next()?.rung.model).toBe('a');
});

test('an attempt is reported once, for its rung', () => {
  const attempts = world().begin(['a', 'b']);
  expect(() => attempts.succeeded(rung('a'))).toThrow();
  const first = attempts.next();
  expect(() => attempts.next()).toThrow();
  expect(() => attempts.succeeded(rung('a'))).toThrow();
  if (first !== null) attempts.succeeded(first.rung);
  expect(attempts.next()).toBeNull();
});

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>('ok', ...CLASSES),
  fc.record({
    class: fc.constantFrom(...CLASSES),
    retryAfterMs: fc.nat(3_000),
    answerBegun: fc.boolean(),
  }),
);

test('ends, climbs only, waits within bounds, and sends nothing after an answer has begun', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 60, maxLength: 60 }),
      fc.integer({ min: 1, max: 6 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (steps, rungs, random) => {
        const models = Array.from({ length: rungs }, (_, at) => `${at}`);
        const { made, end } = run(world({ random: () => random }).begin(models), steps);
        expect(end).not.toBeNull();
        expect(made.length).toBeLessThanOrEqual(rungs * POLICY.max_attempts);
        const places = made.map((one) => Number(one.split('+')[0]));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        for (const one of made) expect(Number(one.split('+')[1])).toBeLessThanOrEqual(POLICY.max_ms);
        const last = steps[made.length - 1];
        const mustStop = steps
          .slice(0, made.length - 1)
          .some((one) => typeof one === 'object' && (one.answerBegun === true || one.class === 'cancelled'));
        expect(mustStop || (last !== 'ok' && end === 'succeeded')).toBe(false);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('retries are never more than the burst and the share of requests, whatever fails', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(step, { minLength: 12, maxLength: 12 }), { maxLength: 60 }),
      fc.constantFrom(0, 0.1, 0.25, 1),
      fc.nat(4),
      (requests, budget_ratio, budget_burst) => {
        const { begin } = world({ policy: { ...POLICY, budget_ratio, budget_burst } });
        let firsts = 0;
        let retries = 0;
        for (const steps of requests) {
          const { made } = run(begin(['a', 'b']), steps);
          const distinct = new Set(made.map((one) => one.split('+')[0])).size;
          firsts += distinct;
          retries += made.length - distinct;
        }
        expect(retries).toBeLessThanOrEqual(budget_burst + budget_ratio * firsts + 1e-6);
      },
    ),
    { numRuns: 500 },
  );
});

test('a retry that a ceiling refused goes on to the next rung, and past one that is kept off', () => {
  const { begin, parts } = world({ breaker: { ...BREAKER, failures: 1 } });
  parts.breakers.failed('p', 'b');
  const attempts = begin(['a', 'b', 'c'], ['server_error']);
  // A breaker that one failure opens would keep the retry off: another call has closed it.
  attempts.failed(rungOf(attempts), { class: 'timeout', retryAfterMs: null }, { answerBegun: false });
  parts.breakers.succeeded('p', 'a', 'probe');
  attempts.passedOver(rungOf(attempts));
  expect(attempts.next()?.rung.model).toBe('c');
});

function rungOf(attempts: Attempts): Rung {
  const attempt = attempts.next();
  if (attempt === null) throw new Error('no attempt is left');
  return attempt.rung;
}
