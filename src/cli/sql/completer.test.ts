import { describe, expect, it } from 'vitest';
import { createCompleter } from './completer.ts';

const complete = createCompleter(
  () =>
    new Map([
      ['candidates', ['id', 'email', 'region']],
      ['sales.orders', ['order_id', 'region']],
    ]),
);

describe('completion of granted names', () => {
  it.each([
    ['SELECT * FROM ca', ['candidates']],
    ['SELECT * FROM ', ['candidates', 'sales.orders']],
    ['SELECT * FROM candidates JOIN sa', ['sales.orders']],
    ['SELECT * FROM candidates WHERE em', ['email']],
    ['SELECT * FROM candidates WHERE order', ['order']],
    ['SELECT * FROM sales.orders WHERE order', ['order', 'order_id']],
    ['SEL', ['SELECT']],
    ['sel', ['select']],
    ['\\', ['\\d', '\\h', '\\q']],
    ['\\d ca', ['candidates']],
    ['SELECT secr', []],
  ])('%j → %j', (line, expected) => {
    expect(complete(line)[0]).toEqual(expected);
  });
});
