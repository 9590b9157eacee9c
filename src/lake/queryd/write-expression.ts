import type { EnginePool } from '../engine/index.ts';
import { type SyntaxNode, selectOf } from './syntax-tree.ts';

/** Turns an expression of a syntax tree back into SQL. */
export async function writeExpression(
  engine: Pick<EnginePool, 'deparse'>,
  expression: SyntaxNode,
  signal: AbortSignal,
): Promise<string> {
  const { sql } = await engine.deparse(JSON.stringify(selectOf(expression)), signal);
  return sql.slice('SELECT '.length);
}
