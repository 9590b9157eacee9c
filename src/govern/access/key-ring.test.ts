import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AccessKeyRow } from '../../metastore/tables/access.ts';
import { hashApiKey, newApiKey, newKeyId } from './api-key.ts';
import { KeyRing } from './key-ring.ts';

const random = (sizeBytes: number) => randomBytes(sizeBytes);
const pepperKey = createSecretKey(Buffer.alloc(32, 1));
/** A pepper that counts how often a digest asks for it. */
function countingPepper() {
  const pepper = {
    asked: 0,
    current: { version: 1, key: pepperKey },
    version(version: number) {
      pepper.asked++;
      return version === 1 ? pepperKey : null;
    },
  };
  return pepper;
}
const newKey = () => newApiKey({ environment: 'live', keyId: newKeyId(random), random });

function rowOf(key: { keyId: string; text: string }, more: Partial<AccessKeyRow> = {}): AccessKeyRow {
  return {
    key_id: key.keyId,
    name: 'ada',
    role: 'analyst',
    attributes_json: '{}',
    secret_hash: hashApiKey(key.text, pepperKey),
    pepper_version: 1,
    previous_hash: null,
    previous_pepper_version: null,
    previous_until_ms: null,
    created_ms: 0,
    created_by: 'admin',
    expires_ms: null,
    last_used_ms: null,
    revoked_ms: null,
    rotated_ms: null,
    ...more,
  };
}

describe('verifying a key', () => {
  it('does the same work whether the key is right, wrong, unknown, revoked, expired or rotated', () => {
    const key = newKey();
    const cases: readonly [string, readonly AccessKeyRow[], boolean][] = [
      ['right', [rowOf(key)], true],
      ['wrong', [rowOf(key, { secret_hash: hashApiKey('other', pepperKey) })], false],
      ['unknown', [], false],
      ['revoked', [rowOf(key, { revoked_ms: 1 })], false],
      ['expired', [rowOf(key, { expires_ms: 50 })], false],
      ['of a lost pepper', [rowOf(key, { pepper_version: 9 })], false],
      [
        'rotated',
        [
          rowOf(key, {
            secret_hash: hashApiKey('other', pepperKey),
            previous_hash: hashApiKey(key.text, pepperKey),
            previous_pepper_version: 1,
            previous_until_ms: 200,
          }),
        ],
        true,
      ],
      [
        'rotated too long ago',
        [
          rowOf(key, {
            secret_hash: hashApiKey('other', pepperKey),
            previous_hash: hashApiKey(key.text, pepperKey),
            previous_pepper_version: 1,
            previous_until_ms: 100,
          }),
        ],
        false,
      ],
    ];
    for (const [name, rows, expected] of cases) {
      const pepper = countingPepper();
      const verified = new KeyRing(rows, []).verify(key, pepper, 100);
      expect([name, verified !== null, pepper.asked]).toEqual([name, expected, 2]);
    }
  });

  it('never takes an empty stored hash for a match', () => {
    const key = newKey();
    for (const secret_hash of ['', '0'.repeat(64), 'zz']) {
      expect(new KeyRing([rowOf(key, { secret_hash })], []).verify(key, countingPepper(), 0)).toBeNull();
    }
  });
});
