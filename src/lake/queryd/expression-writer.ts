import type { EnginePool } from '../engine/index.ts';
import { type SyntaxNode, selectOf } from './syntax-tree.ts';

/**
 * Turns expressions of a syntax tree back into SQL. Remembers what it wrote, by the whole expression with every constant
 * and attribute in it, so that a policy costs no trip to the parser on each query and no caller gets another's text (K-6).
 */
export interface ExpressionWriter {
  write(expression: SyntaxNode, signal: AbortSignal): Promise<string>;
}

const REMEMBERED = 1_000;

export function createExpressionWriter(engine: Pick<EnginePool, 'deparse'>): ExpressionWriter {
  const known = new Map<string, string>();
  return {
    async write(expression, signal) {
      const tree = JSON.stringify(selectOf(expression));
      const remembered = known.get(tree);
      if (remembered !== undefined) return remembered;
      const { sql } = await engine.deparse(tree, signal);
      const text = sql.slice('SELECT '.length);
      if (known.size >= REMEMBERED) known.clear();
      known.set(tree, text);
      return text;
    },
  };
}
