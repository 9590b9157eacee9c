import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLakeError } from '../base/index.ts';
import { parseJsonBody } from './json-body.ts';

function refusal(text: string | Uint8Array): string {
  try {
    parseJsonBody(typeof text === 'string' ? Buffer.from(text) : text);
  } catch (error) {
    if (isLakeError(error)) return error.detail;
    throw error;
  }
  return 'accepted';
}

describe('parseJsonBody', () => {
  it('reads back any object of safe numbers', () => {
    const member = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.maxSafeInteger(),
        fc
          .double({ noNaN: true, noDefaultInfinity: true })
          .filter((number) => !Number.isInteger(number) || Number.isSafeInteger(number)),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          tie('value'),
        ),
      ),
    })).value;
    const object = fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      member,
    );
    fc.assert(
      fc.property(object, (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(parseJsonBody(Buffer.from(text)))).toBe(text);
      }),
    );
  });

  it.each([
    ['', 'accepted'],
    ['{}', 'accepted'],
    ['[1]', 'The body is JSON, but not an object.'],
    ['null', 'The body is JSON, but not an object.'],
    ['{"a":', /^The body is not JSON/],
    ['{"a":1} {"b":2}', /^The body is not JSON/],
    [`{"a":${'['.repeat(64)}${']'.repeat(64)}}`, /deeper than 64/],
    [`{"a":"${'['.repeat(100)}"}`, 'accepted'],
    [`{"a":"\\"${'['.repeat(100)}"}`, 'accepted'],
    ['{"a":1,"b":{"c":1,"d":2,"c":3}}', 'The body gives the member "c" twice in one object.'],
    ['{"a":1,"\\u0061":1}', /the member "a" twice/],
    ['{"a":[{"x":1},{"x":1}],"x":{"a":"a\\":1"}}', 'accepted'],
    ['{"":1,"":2}', /the member "" twice/],
    ['{"sql":"SELECT {a: 1, a: 2}","a":"\\\\"}', 'accepted'],
    ['{"__proto__":{"admin":true}}', /`__proto__`/],
    ['{"a":{"\\u005f_proto__":1}}', /`__proto__`/],
    ['{"n":9007199254740993}', /beyond 2\^53/],
    ['{"n":-12345678901234567890}', /beyond 2\^53/],
    ['{"n":9007199254740991}', 'accepted'],
    ['{"n":1e300}', 'accepted'],
    ['{"n":"9007199254740993"}', 'accepted'],
  ])('judges %s', (text, expected) => {
    expect(refusal(text)).toMatch(expected);
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(refusal(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBe('The body is not UTF-8.');
  });

  it('refuses ten megabytes of brackets without running out of stack', () => {
    expect(refusal(Buffer.alloc(10_000_000, '['))).toMatch(/deeper than 64/);
  });
});
