import { describe, expect, it } from 'vitest';
import { isLakeError } from '../base/index.ts';
import { createRateLimiter } from './rate-limiter.ts';

function setUp(perMinute: number) {
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const limiter = createRateLimiter({ perMinute, clock });
  const tries = (subject: string, count: number) => {
    let passed = 0;
    let retryAfterS: unknown = null;
    for (let at = 0; at < count; at++) {
      try {
        limiter.take(subject);
        passed += 1;
      } catch (error) {
        if (!isLakeError(error)) throw error;
        retryAfterS = error.data.retry_after_s;
      }
    }
    return { passed, retryAfterS };
  };
  return {
    tries,
    proved: limiter.proved,
    advance: (milliseconds: number) => {
      nowMs += milliseconds;
    },
  };
}

describe('the rate limiter', () => {
  it('lets a burst through, then the rate, and says when to come back', () => {
    const { tries, advance } = setUp(600);
    expect(tries('a', 100)).toEqual({ passed: 60, retryAfterS: 1 });
    advance(1_000);
    expect(tries('a', 100).passed).toBe(10);
    advance(3_600_000);
    expect(tries('a', 100).passed).toBe(60);
  });

  it('counts each caller alone', () => {
    const { tries } = setUp(600);
    expect(tries('a', 60).passed).toBe(60);
    expect(tries('b', 60).passed).toBe(60);
  });

  it('never lets more through in a burst than in a minute', () => {
    expect(setUp(5).tries('a', 100).passed).toBe(5);
  });

  it('limits nothing at 0', () => {
    expect(setUp(0).tries('a', 10_000).passed).toBe(10_000);
  });

  it('forgets no caller whose key was proved for keys that anyone can invent', () => {
    const { tries, proved } = setUp(600);
    expect(tries('real', 60).passed).toBe(60);
    proved('real');
    for (let at = 0; at < 40_000; at++) tries(`invented ${at}`, 1);
    expect(tries('real', 1).passed).toBe(0);
  });

  it('forgets of proved callers the one seen longest ago', () => {
    const { tries, proved } = setUp(600);
    for (let at = 0; at < 20_001; at++) {
      tries(`real ${at}`, 60);
      proved(`real ${at}`);
    }
    for (let at = 0; at < 20_000; at++) tries(`invented ${at}`, 1);
    expect(tries('real 0', 1).passed).toBe(1);
    expect(tries('real 1', 1).passed).toBe(0);
  });

  it('forgets the caller seen longest ago rather than grow without end', () => {
    const { tries } = setUp(600);
    expect(tries('first', 60).passed).toBe(60);
    for (let at = 0; at < 20_000; at++) tries(`other ${at}`, 1);
    expect(tries('first', 1).passed).toBe(1);
  });
});
