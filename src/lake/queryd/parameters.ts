import { LakeError } from '../../base/index.ts';
import type { EngineValue } from '../engine/index.ts';
import { queryErrors } from './errors.ts';
import { type SyntaxNode, textOf, visit } from './syntax-tree.ts';

/** Parameters as a request carries them. Inside, all are named: that of `$1` is `1`. */
export type GivenParameters =
  | readonly (string | number | boolean | null)[]
  | Readonly<Record<string, string | number | boolean | null>>;

export type NamedParameters = Readonly<Record<string, EngineValue>>;

/**
 * The values for a statement's parameters: an array for `$1` and `?`, an object for `$name`. Positions become names, so
 * that a parameter may go (with the AT clause it stood in) or stand in two places. Throws `query.parameter_invalid`
 * where one is missing or too many, so that no mistake reaches the engine.
 */
export function bindParameters(query: SyntaxNode, given: GivenParameters): NamedParameters {
  const used = parameterNames(query);
  const values = new Map<string, EngineValue>(
    Array.isArray(given)
      ? given.map((value, at) => [String(at + 1), value])
      : Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]),
  );
  // Names compare without case, as in the engine: of two that are one, neither is meant more than the other.
  if (values.size < Object.keys(given).length) throw invalid('Two of the names given differ by case alone.');
  const missing = [...used].filter((name) => !values.has(name));
  if (missing.length > 0) throw invalid(`No value is given for ${list(missing)}.`);
  const unused = [...values.keys()].filter((name) => !used.has(name));
  if (unused.length > 0) throw invalid(`The statement has no ${list(unused)}.`);
  return Object.fromEntries(values);
}

/** Whether a parameter stands anywhere in an expression. */
export function hasParameter(expression: SyntaxNode): boolean {
  return parameterNames(expression).size > 0;
}

/** The value of one parameter node; undefined where the parameters do not name it. */
export function parameterValue(node: SyntaxNode, parameters: NamedParameters): EngineValue | undefined {
  const name = textOf(node, 'identifier').toLowerCase();
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined;
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
