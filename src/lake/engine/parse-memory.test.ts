import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../base/index.ts';
import { rememberingParser } from './parse-memory.ts';
import { createParser, type Parser } from './parser.ts';

let parser: Parser;
const asked: string[] = [];
const { signal } = new AbortController();

beforeAll(async () => {
  const real = await createParser({ log: createLogger({ level: 'silent' }) });
  parser = rememberingParser({
    ...real,
    parse(sql, of) {
      asked.push(sql);
      return real.parse(sql, of);
    },
    deparse(ast, of) {
      asked.push(ast);
      return real.deparse(ast, of);
    },
  });
});
afterAll(() => parser.close());

describe('rememberingParser', () => {
  it('asks once for the same text, and again for one that differs in a sign', async () => {
    asked.length = 0;
    const tree = await parser.parse('SELECT 1', signal);
    expect(await parser.parse('SELECT 1', signal)).toBe(tree);
    expect(await parser.parse('SELECT 2', signal)).not.toBe(tree);
    await parser.parse('SELECT  1', signal);
    expect(asked).toEqual(['SELECT 1', 'SELECT 2', 'SELECT  1']);
  });

  it('answers a tree with its text, each with its own', async () => {
    asked.length = 0;
    const trees = [await parser.parse('SELECT 11', signal), await parser.parse('SELECT 12', signal)];
    for (let round = 0; round < 2; round += 1) {
      const texts = await Promise.all(trees.map((tree) => parser.deparse(tree, signal)));
      expect(texts.map(({ sql }) => sql)).toEqual(['SELECT 11', 'SELECT 12']);
    }
    expect(asked).toHaveLength(4);
  });

  it('remembers no refusal', async () => {
    asked.length = 0;
    for (let round = 0; round < 2; round += 1) {
      await expect(parser.parse('SELEC 1', signal)).rejects.toMatchObject({ code: 'engine.syntax' });
    }
    expect(asked).toHaveLength(2);
  });

  it('forgets what was asked for longest ago, and keeps no text that is too long', async () => {
    asked.length = 0;
    const filler = (at: number) => `SELECT '${'x'.repeat(100_000)}' AS c${at}`;
    await parser.parse('SELECT 3', signal);
    await parser.parse('SELECT 4', signal);
    for (let at = 0; at < 60; at += 1) {
      await parser.parse(filler(at), signal);
      await parser.parse('SELECT 4', signal);
    }
    const long = `SELECT '${'x'.repeat(300_000)}'`;
    await parser.parse(long, signal);
    asked.length = 0;
    await parser.parse('SELECT 4', signal);
    expect(asked).toEqual([]);
    await parser.parse('SELECT 3', signal);
    await parser.parse(long, signal);
    expect(asked.map((sql) => sql.slice(0, 10))).toEqual(['SELECT 3', "SELECT 'xx"]);
  }, 60_000);
});
