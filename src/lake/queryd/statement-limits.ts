import { LakeError } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import { queryErrors } from './errors.ts';

const TOKEN = /[\p{L}\p{N}_$.]+|'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\s]/gu;
/** A node of the tree takes at least about one token of text; well-formed SQL stays far below this. */
const TOKENS_PER_NODE = 3;
const NODE = /"class":"/g;

/** Refuses a text before it is parsed: the engine's parser takes quadratic time on long chains. */
export function requireParsableSize(sql: string, limits: Config['query']): void {
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
  for (const _ of tree.matchAll(NODE)) nodes += 1;
  if (nodes > limits.max_ast_nodes) {
    throw tooLarge(`The statement has ${nodes} expressions; at most ${limits.max_ast_nodes} are allowed.`);
  }
}

function tooLarge(detail: string): LakeError {
  return new LakeError(queryErrors.too_large, { detail });
}
