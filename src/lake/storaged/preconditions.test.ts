import { expect, test } from 'vitest';
import { allowsWrite, judgeRead, parseEntityTags } from './preconditions.ts';

const conditions = (ifMatch?: string, ifNoneMatch?: string) => ({
  ifMatch: parseEntityTags(ifMatch),
  ifNoneMatch: parseEntityTags(ifNoneMatch),
});

test.each([
  ['no condition', undefined, undefined, '"a"', true],
  ['create only, absent', undefined, '*', null, true],
  ['create only, present', undefined, '*', '"a"', false],
  ['replace this one', '"a"', undefined, '"a"', true],
  ['replace another one', '"b"', undefined, '"a"', false],
  ['replace one of several', '"b", "a"', undefined, '"a"', true],
  ['replace any, absent', '*', undefined, null, false],
  ['a weak tag never matches a write', 'W/"a"', undefined, '"a"', false],
  ['not this one', undefined, '"a"', '"a"', false],
])('a write: %s', (_name, ifMatch, ifNoneMatch, etag, allowed) => {
  expect(allowsWrite(conditions(ifMatch, ifNoneMatch), etag)).toBe(allowed);
});

test.each([
  [undefined, undefined, 'send'],
  [undefined, '"a"', 'not_modified'],
  [undefined, 'W/"a"', 'not_modified'],
  [undefined, '"b"', 'send'],
  ['"b"', '"a"', 'failed'],
  ['"a"', undefined, 'send'],
])('a read with If-Match %s and If-None-Match %s', (ifMatch, ifNoneMatch, verdict) => {
  expect(judgeRead(conditions(ifMatch, ifNoneMatch), '"a"')).toBe(verdict);
});

test.each(['abc', '"a', '', '"a" "b"'])('refuses %s as entity tags', (text) => {
  expect(() => parseEntityTags(text)).toThrowError(
    expect.objectContaining({ code: 'storage.invalid_precondition' }),
  );
});
