import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Statement } from '../base/index.ts';
import { createBatchDecoder, createBatchEncoder } from './statement-wire.ts';

const value = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 8 }),
);

const statement: fc.Arbitrary<Statement> = fc
  .record({
    sql: fc.oneof(fc.constantFrom('INSERT a', 'UPDATE b', 'DELETE c'), fc.string()),
    parameters: fc.array(value, { maxLength: 5 }),
    guard: fc.option(fc.record({ rows: fc.nat(9), refusal: fc.string() }), { nil: undefined }),
  })
  .map(({ sql, parameters, guard }) =>
    guard === undefined ? { sql, parameters } : { sql, parameters, guard },
  );

const messages = fc.array(fc.array(fc.array(statement, { maxLength: 4 }), { maxLength: 4 }), {
  maxLength: 6,
});

test('reads back what was written, message after message', () => {
  fc.assert(
    fc.property(messages, (written) => {
      const encode = createBatchEncoder();
      const decode = createBatchDecoder();
      const read = written.map((batches) => decode(structuredClone(encode(batches))));
      expect(read).toEqual(written);
    }),
    { numRuns: 500 },
  );
});

test('sends a text once, and begins a new table where more texts come than it holds', () => {
  const encode = createBatchEncoder();
  const decode = createBatchDecoder();
  const usual = [[{ sql: 'SELECT 1', parameters: [] }]];
  let sent = 0;
  for (let at = 0; at < 3_000; at++) {
    const other = [[{ sql: `SELECT 1 AS a${at}`, parameters: [at] }]];
    expect(decode(encode(other))).toEqual(other);
    const wire = encode(usual);
    sent += wire.texts.length;
    expect(decode(wire)).toEqual(usual);
  }
  expect(sent).toBeGreaterThan(1);
  expect(sent).toBeLessThan(5);
});
