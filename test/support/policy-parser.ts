import { DuckDBInstance } from '@duckdb/node-api';
import { LakeError } from '../../src/base/index.ts';
import { createExpressionParser, type ExpressionParser } from '../../src/govern/access/index.ts';
import { engineErrors } from '../../src/lake/engine/index.ts';

/** The production parser of policy expressions over an engine in this process, for tests of what stands above it. */
export async function policyParser(): Promise<ExpressionParser> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  return createExpressionParser(async (sql) => {
    const answer = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
    const text = String(answer.getRows()[0]?.[0]);
    if (!text.startsWith('{"error":true')) return text;
    const column = Number((JSON.parse(text) as { position?: string }).position ?? 0) + 1;
    throw new LakeError(engineErrors.syntax, { detail: 'Not valid SQL.', data: { line: 1, column } });
  });
}
