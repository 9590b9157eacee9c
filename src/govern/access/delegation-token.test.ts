import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signDelegation, verifyDelegation } from './delegation-token.ts';

const secretOf = (...fills: number[]) => {
  const versions = new Map(fills.map((fill, index) => [index + 1, createSecretKey(Buffer.alloc(32, fill))]));
  const current = { version: fills.length, key: createSecretKey(Buffer.alloc(32, fills.at(-1) ?? 0)) };
  return { current, version: (version: number) => versions.get(version) ?? null };
};
const secret = secretOf(1);
const claims = { delegationId: 'd1', personKeyId: 'person', agentKeyId: 'agent', expiresMs: 1_000 };

describe('delegation token', () => {
  it('reads back what was signed, also after the secret was rotated', () => {
    const token = signDelegation(claims, secret);
    expect(verifyDelegation(token, secret)).toEqual(claims);
    expect(verifyDelegation(token, secretOf(1, 2))).toEqual(claims);
  });

  it('is refused under another secret or a version that is gone', () => {
    const token = signDelegation(claims, secret);
    expect(verifyDelegation(token, secretOf(2))).toBeNull();
    expect(verifyDelegation(token.replace('lhd_1_', 'lhd_2_'), secretOf(1, 1))).toBeNull();
    expect(verifyDelegation(token.replace('lhd_1_', 'lhd_7_'), secret)).toBeNull();
  });

  it('is refused with any character changed, added or taken away', () => {
    const token = signDelegation(claims, secret);
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...'aA0_-.z9'), (at, other) => {
        fc.pre(token[at] !== other);
        expect(verifyDelegation(token.slice(0, at) + other + token.slice(at + 1), secret)).toBeNull();
        expect(verifyDelegation(token.slice(0, at) + token.slice(at + 1), secret)).toBeNull();
        expect(verifyDelegation(token.slice(0, at) + other + token.slice(at), secret)).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });

  it('is refused in another spelling of the same signature', () => {
    const token = signDelegation(claims, secret);
    const signature = (text: string) => Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url');
    const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
      .map((last) => token.slice(0, -1) + last)
      .filter((text) => signature(text).equals(signature(token)));
    expect(spellings).toHaveLength(4);
    expect(spellings.filter((text) => verifyDelegation(text, secret) !== null)).toEqual([token]);
  });

  it.each(['', 'lhd_1_.', 'lhd_1_e30.AAAA', 'x'.repeat(5_000), '__proto__'])('refuses %j', (token) => {
    expect(verifyDelegation(token, secret)).toBeNull();
  });
});
