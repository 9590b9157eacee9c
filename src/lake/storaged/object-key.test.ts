import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isKeyPart, parseObjectKey, parsePrefix } from './object-key.ts';

const refusedKeys: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['a parent part', 'a/../b'],
  ['a leading parent part', '../b'],
  ['only a parent part', '..'],
  ['a dot part', 'a/./b'],
  ['an empty part', 'a//b'],
  ['a leading slash', '/a'],
  ['a trailing slash', 'a/'],
  ['a backslash', 'a\\b'],
  ['a zero byte', 'a\0b'],
  ['a line end', 'a\nb'],
  ['an escape character', 'a\u001b[31mb'],
  ['a C1 control', 'a\u0085b'],
  ['a bidirectional override', 'a\u202eb'],
  ['an encoded slash', 'a%2fb'],
  ['an encoded slash in upper case', 'a%2F..%2Fb'],
  ['encoded dots', 'a/%2e%2e/b'],
  ['a twice encoded slash', 'a%252fb'],
  ['an encoded backslash', 'a%5cb'],
  ['an encoded zero byte', 'a%00b'],
  ['full-width dots', 'a/\uff0e\uff0e/b'],
  ['a one-dot leader', 'a/\u2024\u2024/b'],
  ['a full-width slash', 'a\uff0fb'],
  ['decomposed letters', 'cafe\u0301'],
  ['a lone surrogate', 'a\ud800b'],
  ['the reserved folder', '.lakehouse/uploads/x'],
  ['the reserved folder in other case', '.LakeHouse/x'],
  ['too many bytes', 'ä/'.repeat(342)],
  ['a part of too many bytes', 'ä'.repeat(128)],
];

describe('object keys', () => {
  test.each(refusedKeys)('refuses %s', (_name, key) => {
    expect(() => parseObjectKey(key)).toThrowError(expect.objectContaining({ code: 'storage.invalid_key' }));
  });

  test.each([
    'a',
    'a/b.parquet',
    'a b/ç',
    'ä'.repeat(127),
    '...',
    '.hidden',
    'a%20b',
    '日本/語.csv',
    '__proto__',
  ])('takes %s', (key) => {
    expect(parseObjectKey(key).parts).toEqual(key.split('/'));
  });

  test('whatever is taken stays below the folder it is joined to', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        try {
          const { parts } = parseObjectKey(text);
          for (const part of parts) expect(['', '.', '..']).not.toContain(part);
          expect(parts.join('/')).toBe(text);
          expect(text).not.toMatch(/[\\\0]/);
        } catch (error) {
          expect(error).toMatchObject({ code: 'storage.invalid_key' });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('a prefix is folders and the beginning of a name', () => {
    expect(parsePrefix('')).toEqual({ folders: [], start: '' });
    expect(parsePrefix('a/b')).toEqual({ folders: ['a'], start: 'b' });
    expect(parsePrefix('a/b/')).toEqual({ folders: ['a', 'b'], start: '' });
    for (const prefix of ['../', 'a//', '/', '.lakehouse/']) {
      expect(() => parsePrefix(prefix)).toThrowError(
        expect.objectContaining({ code: 'storage.invalid_key' }),
      );
    }
  });

  test('names that no key can have are not shown', () => {
    expect(isKeyPart('a.csv')).toBe(true);
    expect(isKeyPart('a\nb')).toBe(false);
    expect(isKeyPart('a/b')).toBe(false);
  });
});
