import { type ErrorCode, isLakeError, LakeError } from '../../base/index.ts';
import { EngineFailure, engineErrors } from '../engine/index.ts';
import { queryErrors } from './errors.ts';
import { place } from './statement-gate.ts';
import { type SyntaxNode, textsOf, visit } from './syntax-tree.ts';

const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  [engineErrors.syntax.code, queryErrors.syntax],
  [engineErrors.not_a_query.code, queryErrors.not_a_query],
  [engineErrors.too_complex.code, queryErrors.too_large],
  [engineErrors.unknown_column.code, queryErrors.unknown_column],
  [engineErrors.ambiguous.code, queryErrors.ambiguous],
  [engineErrors.unknown_name.code, queryErrors.invalid_plan],
  [engineErrors.bind.code, queryErrors.invalid_plan],
  [engineErrors.type_error.code, queryErrors.type_error],
  [engineErrors.conversion.code, queryErrors.conversion],
  [engineErrors.out_of_range.code, queryErrors.out_of_range],
  [engineErrors.invalid_input.code, queryErrors.invalid_input],
  [engineErrors.not_supported.code, queryErrors.not_supported],
  [engineErrors.timeout.code, queryErrors.timeout],
  [engineErrors.memory.code, queryErrors.memory],
  [engineErrors.cancelled.code, queryErrors.cancelled],
]);
/** `Referenced column "x" not found …`, `Ambiguous reference to column name "x"`. */
const NAME =
  /(?:Referenced (?:column|table)|Ambiguous reference to (?:column|table)(?: name)?) "((?:[^"]|"")+)"/;

export interface CallersQuery {
  readonly sql: string;
  readonly statement: SyntaxNode;
}

/**
 * An engine's error as the caller may see it: a stable code, and a name or a position only where they stand in the
 * caller's own text. The engine's words (row values, policy text, names of our own) stay behind (K-3).
 */
export function callerError(error: unknown, query: CallersQuery | null): unknown {
  if (!isLakeError(error)) return error;
  const code = CODES.get(error.code);
  if (code === undefined) return error;
  const named = query === null ? null : nameInQuery(error, query);
  if (named === null) return new LakeError(code, { detail: error.detail, data: error.data });
  return new LakeError(code, {
    detail: `${error.detail.replace(/\.$/, '')}: ${JSON.stringify(named.name)}${named.text}.`,
    data: { ...error.data, name: named.name, ...named.data },
  });
}

/** What the engine says where a file is gone, cut off or no longer what it was. */
const FILE_FAILURES: ReadonlySet<string> = new Set([
  engineErrors.file_refused.code,
  engineErrors.io.code,
  engineErrors.invalid_input.code,
  engineErrors.internal.code,
]);

/** The failure of a query's files, by the name of their dataset, where the engine failed for them; else the error itself. */
export async function fileFailure(error: unknown, requireFiles: () => Promise<void>): Promise<unknown> {
  if (!isLakeError(error) || !FILE_FAILURES.has(error.code)) return error;
  try {
    await requireFiles();
    return error;
  } catch (missing) {
    return isLakeError(missing) ? missing : error;
  }
}

/** The name the engine complains of, where the caller's query has it. */
function nameInQuery(error: LakeError, query: CallersQuery) {
  const text = error.cause instanceof EngineFailure ? error.cause.unfilteredText() : '';
  const name = NAME.exec(text)?.[1]?.replaceAll('""', '"').toLowerCase();
  if (name === undefined) return null;
  let found: { name: string; text: string; data: Record<string, number> } | null = null;
  visit(query.statement, (node) => {
    const written = textsOf(node, 'column_names').find((part) => part.toLowerCase() === name);
    if (found === null && written !== undefined) found = { name: written, ...place(node, query.sql) };
  });
  return found as { name: string; text: string; data: Record<string, number> } | null;
}
