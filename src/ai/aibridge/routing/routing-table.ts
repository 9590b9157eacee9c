import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLakeError, LakeError, matchesPattern } from '../../../base/index.ts';
import { checkToml, closestName, describeProblem, type FileProblem } from '../../../config/index.ts';
import type { Ceiling } from '../../../govern/budget/index.ts';
import type { LocalModels } from '../catalogue/catalogue.ts';
import { modelsErrors } from '../errors.ts';
import type { FailureClass } from '../provider.ts';
import { ceilingOf, ruleCeiling } from './ceiling-schema.ts';
import { type RoutingFile, routingSchema } from './routing-schema.ts';

/** `routing.toml`, ready to be obeyed. */
export interface RoutingTable extends LocalModels {
  /** In the order of the file; the first that fits wins. */
  readonly rules: readonly RoutingFile['rules'][number][];
  /** The longest first. */
  readonly prefixes: readonly { readonly prefix: string; readonly provider: string }[];
  readonly ladders: ReadonlyMap<string, Ladder>;
  readonly retries: RoutingFile['retries'];
  readonly breaker: RoutingFile['breaker'];
  /** Those written, then one for each rule that has a ceiling of its own. */
  readonly ceilings: readonly Ceiling[];
}

export interface Ladder {
  readonly rungs: RoutingFile['ladders'][string]['rungs'];
  readonly fallbackOn: ReadonlySet<FailureClass>;
}

/** Parses the text of a routing file. Throws `models.routing_invalid` with every mistake's line, key and suggestion. */
export function parseRouting(text: string, fileName: string): RoutingTable {
  const checked = checkToml(text, routingSchema);
  if (!checked.ok) throw invalid(fileName, checked.problems);
  const problems = crossProblems(checked.value, (path) => checked.lines.lineOf(path));
  if (problems.length > 0) throw invalid(fileName, problems);
  const file = checked.value;
  const ladders = Object.entries(file.ladders).map(([name, { rungs, fallback_on }]): [string, Ladder] => [
    name,
    { rungs, fallbackOn: new Set(fallback_on) },
  ]);
  return {
    rules: file.rules,
    prefixes: Object.entries(file.prefixes)
      .map(([prefix, provider]) => ({ prefix, provider }))
      .toSorted((a, b) => b.prefix.length - a.prefix.length),
    ladders: new Map(ladders),
    retries: file.retries,
    breaker: file.breaker,
    ceilings: [
      ...file.ceilings.map(ceilingOf),
      ...file.rules.flatMap(({ name, cost_ceiling_usd_per_hour: nanoUsd }) =>
        nanoUsd === undefined ? [] : [ruleCeiling(name, nanoUsd)],
      ),
    ],
    models: new Map(Object.entries(file.models)),
    catalogueNames: new Map(Object.entries(file.catalogue_names)),
  };
}

/**
 * Reads a routing file. `shippedWhereAbsent` is for the file's usual name: a home made before there was one runs on the
 * shipped table, its ceiling included; a file that was asked for by name must be there. Throws
 * `models.routing_unreadable` and `models.routing_invalid`.
 */
export function readRouting(
  path: string,
  { shippedWhereAbsent }: { readonly shippedWhereAbsent: boolean },
): { readonly routing: RoutingTable; readonly shipped: boolean } {
  try {
    return { routing: parseRouting(textOf(path), basename(path)), shipped: false };
  } catch (error) {
    if (!shippedWhereAbsent || !isAbsence(error)) throw error;
    const file = fileURLToPath(new URL('../../../../config/routing.toml', import.meta.url));
    return { routing: parseRouting(textOf(file), basename(file)), shipped: true };
  }
}

function isAbsence(error: unknown): boolean {
  if (!isLakeError(error) || error.code !== modelsErrors.routing_unreadable.code) return false;
  return error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ENOENT';
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LakeError(modelsErrors.routing_unreadable, {
      detail: `The routing file ${basename(file)} cannot be read. Put it where models.routing_file names it.`,
      cause,
    });
  }
}

/** What no single key can say: names used twice, ladders and rules that are not there, and rules that fit nothing. */
function crossProblems(
  file: RoutingFile,
  lineOf: (path: readonly PropertyKey[]) => number | null,
): readonly FileProblem[] {
  const ladders = Object.keys(file.ladders);
  const unknown = file.rules.flatMap(({ ladder }, index): FileProblem[] => {
    if (ladder === undefined || ladders.includes(ladder)) return [];
    const place = { line: lineOf(['rules', index, 'ladder']), key: `rules[${index}].ladder` };
    return [{ ...place, message: 'No ladder of this name.', suggestion: closestName(ladder, ladders) }];
  });
  const twice = (['rules', 'ceilings'] as const).flatMap((list) => {
    const names = file[list].map(({ name }) => name);
    return names.flatMap((name, index): FileProblem[] => {
      if (names.indexOf(name) === index) return [];
      const place = { line: lineOf([list, index, 'name']), key: `${list}[${index}].name` };
      return [{ ...place, message: 'Another one has this name.', suggestion: null }];
    });
  });
  const rules = file.rules.map(({ name }) => name);
  const idle = file.ceilings.flatMap(({ when: { rule } }, index): FileProblem[] => {
    // A request that no rule decided has the rule of no name.
    if (rule === undefined || [...rules, ''].some((name) => matchesPattern(rule, name))) return [];
    const place = { line: lineOf(['ceilings', index, 'when', 'rule']), key: `ceilings[${index}].when.rule` };
    const message = 'No rule of this name: the ceiling would hold nothing.';
    return [{ ...place, message, suggestion: closestName(rule, rules) }];
  });
  const empty = file.rules.flatMap(({ when }, index): FileProblem[] => {
    if ((when.min_input_tokens ?? 0) <= (when.max_input_tokens ?? Infinity)) return [];
    const key = `rules[${index}].when.min_input_tokens`;
    const message = 'It is more than max_input_tokens: the rule would fit nothing.';
    return [{ line: lineOf(['rules', index, 'when', 'min_input_tokens']), key, message, suggestion: null }];
  });
  return [...unknown, ...twice, ...idle, ...empty];
}

function invalid(fileName: string, problems: readonly FileProblem[]): LakeError {
  return new LakeError(modelsErrors.routing_invalid, {
    detail: problems.map((problem) => describeProblem(fileName, problem)).join('\n'),
    data: { problems },
  });
}
