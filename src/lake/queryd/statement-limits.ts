import { LakeError } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import { queryErrors } from './errors.ts';

const TOKEN = /[\p{L}\p{N}_$.]+|'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\s]/gu;
/** A node of the tree takes at least about one token of text; well-formed SQL stays far below this. */
const TOKENS_PER_NODE = 3;
const EXPRESSION = /"class":"/g;
const SELECT = /"cte_map":/g;
/** What one SELECT counts: planning takes quadratic time in how many are joined by UNION (9,000 took 55 s). */
const NODES_PER_SELECT = 20;

/** Refuses a text before it is parsed: the engine's parser takes quadratic time on long chains. */
export function requireParsableSize(sql: string, limits: Config['query']): void {
  // The engine's parser takes it for the end of the text, whatever follows.
  if (sql.includes('\0')) {
    throw new LakeError(queryErrors.syntax, { detail: 'The statement contains a NUL character.' });
  }
  const bytes = Buffer.byteLength(sql, 'utf8');
  if (bytes > limits.max_sql_bytes) {
    throw tooLarge(`The statement has ${bytes} bytes; at most ${limits.max_sql_bytes} are allowed.`);
  }
  const most = limits.max_ast_nodes * TOKENS_PER_NODE;
  let tokens = 0;
  for (const _ of sql.matchAll(TOKEN)) {
    tokens += 1;
    if (tokens > most) throw tooLarge(`The statement has more than ${most} words and signs.`);
  }
}

/** Refuses a tree before it is read into objects. */
export function requireTreeSize(tree: string, limits: Config['query']): void {
  let nodes = 0;
  for (const _ of tree.matchAll(EXPRESSION)) nodes += 1;
  for (const _ of tree.matchAll(SELECT)) nodes += NODES_PER_SELECT;
  if (nodes > limits.max_ast_nodes) {
    throw tooLarge(`The statement has ${nodes} parts; at most ${limits.max_ast_nodes} are allowed.`);
  }
}

function tooLarge(detail: string): LakeError {
  return new LakeError(queryErrors.too_large, { detail });
}
