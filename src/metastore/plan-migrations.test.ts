import { describe, expect, it } from 'vitest';
import { allMigrations, listMigrations } from './migrations.ts';
import { planMigrations } from './plan-migrations.ts';

const [one, two] = listMigrations([
  { name: '0002-b', statements: ['CREATE TABLE b (x INTEGER)'] },
  { name: '0001-a', statements: ['CREATE TABLE a (x INTEGER)'] },
]);
if (one === undefined || two === undefined) throw new Error('two migrations');

describe('planning migrations', () => {
  it.each([
    ['a fresh store', [], { kind: 'apply', pending: [one, two] }],
    ['a store that is behind', [one], { kind: 'apply', pending: [two] }],
    ['a store that lacks an earlier one', [two], { kind: 'apply', pending: [one] }],
    ['a store that is up to date', [one, two], { kind: 'apply', pending: [] }],
    ['a newer store', [one, { name: '0003-c', checksum: 'c' }], { kind: 'newer', name: '0003-c' }],
    ['an edited migration', [{ ...one, checksum: 'x' }], { kind: 'edited', name: '0001-a' }],
  ])('of %s', (_, applied, plan) => {
    expect(planMigrations([one, two], applied)).toEqual(plan);
  });

  it('sorts by name, and takes no name twice', () => {
    expect([one.name, two.name]).toEqual(['0001-a', '0002-b']);
    expect(() => listMigrations([one, one])).toThrow('listed twice');
  });

  it('ships migrations of the SQL that both dialects share', () => {
    for (const { name, statements } of allMigrations()) {
      for (const statement of statements) {
        expect(statement, name).not.toMatch(
          /AUTOINCREMENT|WITHOUT ROWID|\bSTRICT\b|\bBLOB\b|\bDATETIME\b|"|`/i,
        );
      }
    }
  });
});
