import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DELIMITERS, guessDialect } from './csv-dialect.ts';

const free = { delimiter: null };

describe('the dialect of delimited text', () => {
  test('is found for any table written with any delimiter', () => {
    const word = fc.stringMatching(/^[a-z0-9 ]{1,8}$/);
    const quoted = fc.tuple(word, word).map(([a, b]) => `"${a},;|\t""${b}"`);
    fc.assert(
      fc.property(
        fc.constantFrom(...DELIMITERS),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 2, max: 12 }),
        fc.infiniteStream(fc.oneof(word, word, quoted)),
        fc.constantFrom('\n', '\r\n', '\r'),
        (delimiter, width, height, cells, lineEnd) => {
          const next = () => String(cells.next().value);
          const text = Array.from({ length: height }, () =>
            Array.from({ length: width }, next).join(delimiter),
          ).join(lineEnd);
          expect(guessDialect(text, free)).toEqual({ delimiter, quote: '"', escape: '"', lineEnd });
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([
    ['one column', 'name\nbob\nal\n', ','],
    ['decimal commas beside semicolons', 'a;b\n1,5;2,5\n3,5;4,5\n', ';'],
    ['commas in a sentence beside tabs', 'id\ttext\n1\thello, you\n2\tyes, and, no\n', '\t'],
  ])('%s', (_name, text, delimiter) => {
    expect(guessDialect(text, free).delimiter).toBe(delimiter);
  });

  test('a backslash escapes only where that splits the rows better', () => {
    expect(guessDialect('a,b\n"x\\"y",1\n"z",2\n', free).escape).toBe('\\');
    expect(guessDialect('a,b\n"C:\\",1\n"D:\\",2\n', free).escape).toBe('"');
  });

  test.each([
    ['around values with delimiters in them', "a,b\n'x,1',2\n'y,2',3\n", "'"],
    ['around every value', "'id';'name'\n'1';'Ann'\n'2';'Bob'\n", "'"],
    ['around values with line ends and doubled quotes', "id,t\n1,'it''s\nlong'\n2,'so, so'\n", "'"],
    ['around values with double quotes in them', 'id,t\n1,\'{"a": 1}\'\n2,\'{"b": 2}\'\n', "'"],
    ['as apostrophes', "id,t\n1,O'Brien\n2,'tis, so\n3,rock 'n' roll\n", '"'],
    ['in few rows', "id,t\n1,a\n2,'b'\n3,c\n4,d\n", '"'],
    ['beside double quotes', 'id,t\n"1","\'a\'"\n"2","\'b, c\'"\n', '"'],
  ])('single quotes %s', (_name, text, quote) => {
    expect(guessDialect(text, free).quote).toBe(quote);
  });

  test('a given delimiter is kept', () => {
    expect(guessDialect('a,b\n1,2\n', { delimiter: '|' }).delimiter).toBe('|');
  });
});
