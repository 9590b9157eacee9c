import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashApiKey, newApiKey, newKeyId, parseApiKey, sameHash } from './api-key.ts';

const random = (sizeBytes: number) => randomBytes(sizeBytes);
const make = () => newApiKey({ environment: 'live', keyId: newKeyId(random), random });

describe('API key', () => {
  it('reads back what it makes, with at least 160 bits of secret', () => {
    const key = make();
    expect(key.text).toMatch(/^lh_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/);
    expect(Math.log2(62) * 32).toBeGreaterThanOrEqual(160);
    expect(parseApiKey(key.text)).toEqual(key);
  });

  it('refuses a mistyped character anywhere without a look-up', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...'09AZaz'), (at, character) => {
        const { text } = make();
        const index = at % text.length;
        fc.pre(text[index] !== character);
        const mistyped = text.slice(0, index) + character + text.slice(index + 1);
        // Only the three letters of "lh_" and the separators change the form itself; the rest is the checksum's work.
        expect(parseApiKey(mistyped)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    '',
    'lh_',
    'lh_live_',
    ' lh_live_aaaaaaaaaaaa_0',
    '__proto__',
    'x'.repeat(10_000),
    'lh_live_аааааааааааа_00000000000000000000000000000000000000',
  ])('refuses %j', (text) => {
    expect(parseApiKey(text)).toBeNull();
  });

  it('refuses a key with white space or more text around it', () => {
    const { text } = make();
    for (const other of [` ${text}`, `${text} `, `${text}\n`, `${text}0`, text.toUpperCase()]) {
      expect(parseApiKey(other)).toBeNull();
    }
  });

  it('draws each character as often as any other', () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < 2_000; round++) {
      for (const character of newKeyId(random)) counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    expect(counts.size).toBe(62);
    // 24,000 draws over 62 characters: 387 each; ten standard deviations to either side.
    for (const count of counts.values()) expect(Math.abs(count - 387)).toBeLessThan(197);
  });

  it('stores another hash under another pepper and compares by content', () => {
    const { text } = make();
    const pepper = (fill: number) => createSecretKey(Buffer.alloc(32, fill));
    const hash = hashApiKey(text, pepper(1));
    expect(sameHash(hash, hashApiKey(text, pepper(1)))).toBe(true);
    expect(sameHash(hash, hashApiKey(text, pepper(2)))).toBe(false);
    expect(sameHash(hash, '')).toBe(false);
    expect(sameHash(hash, 'not hex')).toBe(false);
    expect(sameHash(hash, hash.slice(0, 62))).toBe(false);
  });
});
