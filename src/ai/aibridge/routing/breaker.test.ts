import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Breakers } from './breaker.ts';

const POLICY = { failures: 3, window_s: 60, open_s: 30 };

function breakers(policy = POLICY) {
  const time = { nowMs: 0 };
  const made = new Breakers(policy, { nowMs: () => 0, monotonicMs: () => time.nowMs });
  const fail = (times = 1, model = 'm') => {
    for (let count = 0; count < times; count++) made.failed('p', model);
  };
  return { made, time, fail };
}

test('opens at the failures within the window, and not for those before it', () => {
  const { made, time, fail } = breakers();
  fail(2);
  time.nowMs = 60_001;
  fail(2);
  expect(made.pass('p', 'm')).toBe('closed');
  fail();
  expect(made.pass('p', 'm')).toBeNull();
  expect(made.open()).toEqual([{ provider: 'p', model: 'm', state: 'open', probeInMs: 30_000 }]);
});

test('is one for each model of each provider', () => {
  const { made, fail } = breakers();
  fail(3);
  expect(made.pass('p', 'other')).toBe('closed');
  expect(made.pass('q', 'm')).toBe('closed');
  expect(made.pass('p', 'm')).toBeNull();
});

test('lets one probe pass when the time is up; its success closes, its failure opens again', () => {
  const { made, time, fail } = breakers();
  fail(3);
  time.nowMs = 29_999;
  expect(made.pass('p', 'm')).toBeNull();
  time.nowMs = 30_000;
  expect([made.pass('p', 'm'), made.pass('p', 'm')]).toEqual(['probe', null]);
  fail();
  expect(made.pass('p', 'm')).toBeNull();
  time.nowMs = 60_000;
  expect(made.pass('p', 'm')).toBe('probe');
  made.succeeded('p', 'm', 'probe');
  expect([made.pass('p', 'm'), made.pass('p', 'm')]).toEqual(['closed', 'closed']);
  expect(made.open()).toEqual([]);
});

test('a late success of an older call does not close it', () => {
  const { made, fail } = breakers();
  fail(3);
  made.succeeded('p', 'm', 'closed');
  expect(made.pass('p', 'm')).toBeNull();
});

test('a probe that says nothing of the model, or is lost, makes room for another', () => {
  const { made, time, fail } = breakers();
  fail(3);
  time.nowMs = 30_000;
  expect(made.pass('p', 'm')).toBe('probe');
  made.released('p', 'm', 'probe');
  expect(made.pass('p', 'm')).toBe('probe');
  time.nowMs = 59_999;
  expect(made.pass('p', 'm')).toBeNull();
  time.nowMs = 60_000;
  expect(made.pass('p', 'm')).toBe('probe');
});

test('keeps a bounded number in mind', () => {
  const { made, fail } = breakers({ ...POLICY, failures: 1 });
  for (let model = 0; model < 5_000; model++) fail(1, `m${model}`);
  expect(made.open()).toHaveLength(1_024);
  expect(made.pass('p', 'm4999')).toBeNull();
  expect(made.pass('p', 'm0')).toBe('closed');
});

test('between a failure that opens it and the end of its time nothing passes, whatever happens', () => {
  const event = fc.oneof(
    fc.constantFrom('pass', 'fail', 'succeed', 'release'),
    fc.integer({ min: 1, max: 40_000 }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const { made, time } = breakers();
      let passages: ('closed' | 'probe')[] = [];
      for (const one of events) {
        if (typeof one === 'number') time.nowMs += one;
        const [state] = made.open();
        if (one === 'pass') {
          const passage = made.pass('p', 'm');
          if (state?.state === 'open') expect(passage).toBeNull();
          if (passage === 'probe') expect(state?.state).toBe('half_open');
          if (passage !== null) passages = [...passages, passage];
        }
        const passage = one === 'pass' || typeof one === 'number' ? undefined : passages.shift();
        if (passage === undefined) continue;
        if (one === 'fail') made.failed('p', 'm');
        if (one === 'succeed') made.succeeded('p', 'm', passage);
        if (one === 'release') made.released('p', 'm', passage);
      }
    }),
    { numRuns: 1_000 },
  );
});
