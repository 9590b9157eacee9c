import fc from 'fast-check';
import picocolors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { renderPairs, renderTable, textWidth } from './table.ts';

const plain = picocolors.createColors(false);

describe('tables', () => {
  it('never get wider than they may, unless every column is at its least', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'é', '漢', ' ', '🙂'), maxLength: 60 });
    const rows = fc.integer({ min: 1, max: 6 }).chain((width) =>
      fc.record({
        head: fc.array(cell, { minLength: width, maxLength: width }),
        rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 5 }),
      }),
    );
    fc.assert(
      fc.property(rows, (table) => {
        const text = renderTable({ ...table, columns: 80, colours: plain });
        expect(textWidth(text)).toBeLessThanOrEqual(80);
      }),
    );
  });

  it('keep short cells whole and cut long ones with …', () => {
    const text = renderTable({
      head: ['name', 'text'],
      rows: [['a', 'x'.repeat(200)]],
      columns: 40,
      colours: plain,
    });
    expect(text).toContain('name');
    expect(text).toContain('…');
  });

  it('never cut the column that is whole, nor anything where no terminal sets a width', () => {
    const table = { head: ['id', 'text'], rows: [['i'.repeat(36), 'x'.repeat(36)]], colours: plain };
    const cut = renderTable({ ...table, columns: 40, whole: 0 });
    expect(cut).toContain('i'.repeat(36));
    expect(cut).not.toContain('x'.repeat(36));
    expect(renderTable({ ...table, columns: Number.POSITIVE_INFINITY })).not.toContain('…');
  });

  it('align pairs', () => {
    expect(
      renderPairs(
        [
          ['a', '1'],
          ['long', '2'],
        ],
        plain,
      ),
    ).toBe('a     1\nlong  2');
  });
});
