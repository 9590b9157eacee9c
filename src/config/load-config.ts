import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { LakeError } from '../base/index.ts';
import { describeProblem, type FileProblem, parseToml, schemaProblems } from './checked-toml.ts';
import { consistencyProblems } from './consistency.ts';
import { environmentSettings } from './environment.ts';
import { configErrors } from './errors.ts';
import { type Config, configSchema } from './schema.ts';
import { type Setting, settingsOf } from './settings.ts';
import type { TomlLines } from './toml-lines.ts';

const COMMAND_LINE = 'the command line';

/** A configuration and where each of its keys came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** Dotted key → `default`, `lakehouse.toml line 3`, the name of an environment variable, or `the command line`. */
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * The configuration of a file (null for the defaults alone) with the environment's overrides. Throws `config.invalid`
 * with every mistake in `data.problems` (line, key, suggestion), and `config.unreadable`. Reads the file once.
 */
export function loadConfig(options: {
  readonly file: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the command line said, by dotted key (`server.port`); the strongest of the three. */
  readonly flags?: Readonly<Record<string, string | number | boolean>>;
}): LoadedConfig {
  const fileName = options.file === null ? 'lakehouse.toml' : basename(options.file);
  const parsed = parseToml(options.file === null ? '' : readText(options.file, fileName));
  if (!parsed.ok) throw invalid(fileName, parsed.problems);

  const variables = new Map<string, string>();
  const problems: Problem[] = [];
  for (const given of environmentSettings(options.environment, settingsOf(configSchema))) {
    if ('message' in given) problems.push({ ...given, line: null, key: given.variable });
    else if (place(parsed.document, given.path, given.value))
      variables.set(given.path.join('.'), given.variable);
  }
  for (const [key, value] of Object.entries(options.flags ?? {})) {
    if (place(parsed.document, key.split('.'), value)) variables.set(key, COMMAND_LINE);
  }
  const result = configSchema.safeParse(parsed.document, { reportInput: true });
  if (!result.success) problems.push(...schemaProblems(result.error, configSchema, parsed.lines));
  else problems.push(...consistencyProblems(result.data, parsed.lines));
  if (!result.success || problems.length > 0) {
    throw invalid(
      fileName,
      problems.map((problem) => fromVariable(problem, variables)),
    );
  }
  return { config: result.data, origins: origins(result.data, fileName, parsed.lines, variables) };
}

/** A problem of the environment has no line and names its variable. */
type Problem = FileProblem & { readonly variable?: string };

function readText(file: string, fileName: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LakeError(configErrors.unreadable, {
      detail: `${fileName} cannot be read. Check that it exists and that this user may read it.`,
      cause,
    });
  }
}

/** Puts an override into the parsed document; false where a value of the file stands in the way, which the schema then refuses. */
function place(document: Record<string, unknown>, path: readonly string[], value: unknown): boolean {
  let table = document;
  for (const key of path.slice(0, -1)) {
    const next = Object.hasOwn(table, key) ? table[key] : undefined;
    if (next !== undefined && (typeof next !== 'object' || next === null || Array.isArray(next)))
      return false;
    const child = (next ?? {}) as Record<string, unknown>;
    table[key] = child;
    table = child;
  }
  table[path.at(-1) ?? ''] = value;
  return true;
}

function fromVariable(problem: Problem, variables: ReadonlyMap<string, string>): Problem {
  if (problem.variable !== undefined) return problem;
  const variable = variables.get(problem.key.replace(/\[\d+\]$/, ''));
  return variable === undefined ? problem : { ...problem, line: null, variable };
}

function invalid(fileName: string, problems: readonly Problem[]): LakeError {
  const lines = problems.map((problem) =>
    problem.variable === undefined
      ? describeProblem(fileName, problem)
      : problem.variable === COMMAND_LINE
        ? describeProblem(COMMAND_LINE, problem)
        : describeProblem(`environment variable ${problem.variable}`, { ...problem, key: '' }),
  );
  return new LakeError(configErrors.invalid, {
    detail: lines.join('\n'),
    data: {
      problems: problems.map(({ line, key, message, suggestion }) => ({ line, key, message, suggestion })),
    },
  });
}

function origins(
  config: Config,
  fileName: string,
  lines: TomlLines,
  variables: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const setting of settingsOf(configSchema)) {
    for (const path of concretePaths(setting, config)) {
      const key = path.join('.');
      const line = lines.ownLineOf(path);
      const written = line === null ? 'default' : `${fileName} line ${line}`;
      found.set(key, variables.get(key) ?? written);
    }
  }
  return found;
}

/** The paths a setting has in this configuration: one for each name the user chose. */
function concretePaths(setting: Setting, config: Config): readonly (readonly string[])[] {
  const star = setting.path.indexOf('*');
  if (star < 0) return [setting.path];
  const table = setting.path
    .slice(0, star)
    .reduce<unknown>((value, key) => Object.getOwnPropertyDescriptor(value, key)?.value, config);
  const names = typeof table === 'object' && table !== null ? Object.keys(table) : [];
  return names.map((name) => setting.path.map((part) => (part === '*' ? name : part)));
}
