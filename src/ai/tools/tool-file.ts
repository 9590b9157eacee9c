import { z } from 'zod';
import { isLakeError } from '../../base/index.ts';
import { type Config, checkToml, closestName, type FileProblem } from '../../config/index.ts';
import {
  argumentJudge,
  type JudgedArguments,
  parametersSchema,
  type ToolParameters,
} from './tool-parameters.ts';
import { lineOfParameter, readStatement, type ToolStatement } from './tool-statement.ts';

/** A tool as its file declares it: one statement with bound parameters, for the roles it names. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** Roles that may call it; the administrator always may. */
  readonly roles: readonly string[];
  readonly parameters: ToolParameters;
  readonly sql: string;
  readonly limit: number;
  /** Null where the engine's own time holds. */
  readonly timeoutMs: number | null;
  judge(given: Readonly<Record<string, unknown>>): JudgedArguments;
}

export interface ToolFileParts {
  /** The statement's syntax tree; throws `engine.*` where it is not one query. */
  parse(sql: string): Promise<string>;
  readonly config: Pick<Config, 'engine' | 'query'>;
  /** Names that tools of other origin have at the doors that show both. */
  readonly reservedNames: readonly string[];
}

export type CheckedTool =
  | { readonly ok: true; readonly tool: Tool; readonly nameLine: number | null }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

/** Rows of a tool that says no limit: what a reader, or a model's context, can hold. */
const DEFAULT_LIMIT = 100;

const toolSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'A tool is named in snake_case, such as find_candidates'),
  description: z.string().trim().min(1).max(2_000),
  roles: z.array(z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/, 'Must be the name of a role')).max(100),
  limit: z.int().min(1).default(DEFAULT_LIMIT),
  timeout_ms: z.int().min(1).optional(),
  parameters: parametersSchema.prefault({}),
  sql: z.string().trim().min(1),
});

/** Checks one file; every mistake comes with its line, its key and, where there is one, a suggestion. */
export async function checkToolFile(text: string, parts: ToolFileParts): Promise<CheckedTool> {
  const checked = checkToml(text, toolSchema);
  if (!checked.ok) return checked;
  const { value, lines } = checked;
  const { name, sql, limit, timeout_ms: timeoutMs = null } = value;
  const problem = (key: string, message: string): FileProblem => ({
    line: lines.lineOf([key]),
    key,
    message,
    suggestion: null,
  });
  const { query, engine } = parts.config;
  const problems = await statementProblems({ text, lineOf: lines.lineOf }, value, parts);
  if (parts.reservedNames.includes(name))
    problems.push(problem('name', 'This name is taken by a built-in tool.'));
  if (limit > query.max_limit)
    problems.push(problem('limit', `Must be at most query.max_limit, ${query.max_limit}.`));
  if ((timeoutMs ?? 0) > engine.max_timeout_ms) {
    problems.push(problem('timeout_ms', `Must be at most engine.max_timeout_ms, ${engine.max_timeout_ms}.`));
  }
  if (problems.length > 0) return { ok: false, problems };
  const { description, roles } = value;
  const parameters: ToolParameters = { ...value.parameters, additionalProperties: false };
  const judge = argumentJudge(parameters);
  const tool = { name, description, roles, parameters, sql, limit, timeoutMs, judge };
  return { ok: true, tool, nameLine: lines.lineOf(['name']) };
}

/** The statement and its parameters: each that is used is declared, and each that is declared is used. */
async function statementProblems(
  source: { readonly text: string; lineOf(path: readonly string[]): number | null },
  file: z.output<typeof toolSchema>,
  parts: ToolFileParts,
): Promise<FileProblem[]> {
  const sqlLine = source.lineOf(['sql']) ?? 1;
  const refused = (message: string): FileProblem => ({
    line: sqlLine,
    key: 'sql',
    message,
    suggestion: null,
  });
  let statement: ToolStatement;
  try {
    statement = readStatement(await parts.parse(file.sql));
  } catch (error) {
    if (!isLakeError(error) || error.kind !== 'invalid') throw error;
    return [refused(error.detail)];
  }
  if (statement.count !== 1) return [refused('Must be exactly one SELECT statement.')];
  const declared = Object.keys(file.parameters.properties);
  const used = [...statement.parameters];
  const undeclared = used
    .filter((name) => !declared.includes(name))
    .map((name): FileProblem => {
      if (/^\d/.test(name)) return refused('Parameters have names here: write $name, not ? or $1.');
      return {
        ...refused(`The parameter $${name} is not declared.`),
        line: lineOfParameter(source.text, name, sqlLine),
        suggestion: closestName(name, declared),
      };
    });
  const unused = declared
    .filter((name) => !statement.parameters.has(name))
    .map((name): FileProblem => {
      const path = ['parameters', 'properties', name];
      const message = 'The statement does not use this parameter.';
      return { line: source.lineOf(path), key: path.join('.'), message, suggestion: closestName(name, used) };
    });
  return [...undeclared, ...unused];
}
