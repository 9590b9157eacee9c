import { LakeError } from '../../base/index.ts';
import type { EngineParameters, EngineValue } from '../engine/index.ts';
import { queryErrors } from './errors.ts';
import { type SyntaxNode, textOf, visit } from './syntax-tree.ts';

/** Parameters as a request carries them. */
export type GivenParameters =
  | readonly (string | number | boolean | null)[]
  | Readonly<Record<string, string | number | boolean | null>>;

/**
 * The values for a statement's parameters: an array for `$1` and `?`, an object for `$name`. Throws
 * `query.parameter_invalid` where one is missing or too many, so that no mistake reaches the engine.
 */
export function bindParameters(query: SyntaxNode, given: GivenParameters): EngineParameters {
  const used = parameterNames(query);
  const values = new Map<string, EngineValue>(
    Array.isArray(given)
      ? given.map((value, at) => [String(at + 1), value])
      : Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const missing = [...used].filter((name) => !values.has(name));
  if (missing.length > 0) throw invalid(`No value is given for ${list(missing)}.`);
  const unused = [...values.keys()].filter((name) => !used.has(name));
  if (unused.length > 0) throw invalid(`The statement has no ${list(unused)}.`);
  return Array.isArray(given) ? given : Object.fromEntries(values);
}

/** The value of one parameter node; undefined where the parameters do not name it. */
export function parameterValue(node: SyntaxNode, parameters: EngineParameters): EngineValue | undefined {
  const name = textOf(node, 'identifier').toLowerCase();
  if (!Array.isArray(parameters)) {
    return Object.hasOwn(parameters, name) ? (parameters as Record<string, EngineValue>)[name] : undefined;
  }
  return parameters[Number(name) - 1];
}

function parameterNames(query: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(query, (node) => {
    if (textOf(node, 'class') === 'PARAMETER') names.add(textOf(node, 'identifier').toLowerCase());
  });
  return names;
}

function list(names: readonly string[]): string {
  return names
    .slice(0, 10)
    .map((name) => `$${name}`)
    .join(', ');
}

function invalid(detail: string): LakeError {
  return new LakeError(queryErrors.parameter_invalid, { detail });
}
