import { RecentMap } from '../../base/index.ts';
import type { Parser } from './parser.ts';

/** Characters of questions and answers remembered together; what was asked for longest ago is forgotten first. */
const REMEMBERED_CHARACTERS = 8_388_608;
/** A longer text is rare, and would drive out many short ones. */
const MAX_ENTRY_CHARACTERS = 262_144;

/**
 * A parser that remembers its answers. Its key is the whole text that was asked about: what a text parses to depends on
 * nothing else (no identity, policy, snapshot or parameter value), so an answer that another caller's request brought is
 * this caller's too (K-6). Refusals are not remembered. Measured: parsing and deparsing a point query take 2 ms of
 * processor time and two messages between processes.
 */
export function rememberingParser(parser: Parser): Parser {
  const parsed = new RecentMap<string>(
    REMEMBERED_CHARACTERS,
    (ast, sql) => sql.length + ast.length,
    MAX_ENTRY_CHARACTERS,
  );
  const deparsed = new RecentMap<{ readonly sql: string; readonly ast: string }>(
    REMEMBERED_CHARACTERS,
    (answer, ast) => ast.length + answer.sql.length + answer.ast.length,
    MAX_ENTRY_CHARACTERS,
  );
  return {
    ...parser,
    async parse(sql, signal) {
      return parsed.get(sql) ?? parsed.put(sql, await parser.parse(sql, signal));
    },
    async deparse(ast, signal) {
      return deparsed.get(ast) ?? deparsed.put(ast, await parser.deparse(ast, signal));
    },
  };
}
