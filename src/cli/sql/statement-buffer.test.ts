import { describe, expect, it } from 'vitest';
import { createStatementBuffer } from './statement-buffer.ts';

describe('lines into statements', () => {
  it.each([
    [['SELECT 1;'], ['SELECT 1']],
    [['SELECT', '1', ';'], ['SELECT\n1']],
    [['SELECT 1; SELECT 2;'], ['SELECT 1', 'SELECT 2']],
    [["SELECT ';';"], ["SELECT ';'"]],
    [["SELECT 'it''s;", "still';"], ["SELECT 'it''s;\nstill'"]],
    [['SELECT ";" FROM t;'], ['SELECT ";" FROM t']],
    [['SELECT 1 -- not; here', ';'], ['SELECT 1 -- not; here']],
    [['SELECT /* ; */ 1;'], ['SELECT /* ; */ 1']],
    [['SELECT $tag$ ; $tag$;'], ['SELECT $tag$ ; $tag$']],
    [[';;', ';'], []],
    [['SELECT 1'], []],
  ])('%j completes %j', (lines, expected) => {
    const buffer = createStatementBuffer();
    expect(lines.flatMap((line) => buffer.add(line))).toEqual(expected);
  });

  it('knows whether a statement has begun, and forgets it', () => {
    const buffer = createStatementBuffer();
    expect(buffer.isOpen()).toBe(false);
    buffer.add('SELECT');
    expect(buffer.isOpen()).toBe(true);
    buffer.clear();
    expect(buffer.add('SELECT 2;')).toEqual(['SELECT 2']);
  });
});
