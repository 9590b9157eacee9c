import { LakeError } from '../../base/index.ts';
import type { MaskMethod, Permission } from '../scope/index.ts';
import { accessErrors } from './errors.ts';
import type { ExpressionParser, ParsedExpression } from './expression-parser.ts';
import {
  type MaskRule,
  maskTarget,
  type PolicyDocument,
  type RoleRule,
  type RowFilterRule,
  rowFilterTarget,
  textMark,
} from './policy-document.ts';

/** A policy ready to decide with: expressions parsed, lists made sets, and the time each name is bound as of. */
export interface CompiledPolicy {
  /** 0 before any policy was applied. */
  readonly version: number;
  readonly document: PolicyDocument;
  readonly roles: ReadonlyMap<string, CompiledRole>;
  readonly masks: readonly CompiledMask[];
  readonly rowFilters: readonly CompiledRowFilter[];
}

export interface CompiledRole {
  readonly grants: RoleRule['grants'];
  readonly permissions: ReadonlySet<Permission>;
  readonly buckets: RoleRule['buckets'];
  readonly models: RoleRule['models'];
}

/** To which roles a rule applies: `roles` null is every one; `exceptRoles` are taken out. */
export interface RuleAudience {
  readonly roles: ReadonlySet<string> | null;
  readonly exceptRoles: ReadonlySet<string>;
}

export interface CompiledMask extends RuleAudience {
  /** `tag pii.email`, `column candidates.pay`. */
  readonly target: string;
  readonly tag: string | null;
  readonly dataset: string | null;
  readonly column: string | null;
  readonly method: MaskMethod;
  readonly expression: ParsedExpression | null;
  /** Names of the target are bound to the fields that carried them since then. */
  readonly boundSinceMs: number;
  /** The same for the names inside the expression. */
  readonly expressionSinceMs: number;
}

export interface CompiledRowFilter extends RuleAudience {
  readonly target: string;
  readonly dataset: string;
  readonly expression: ParsedExpression;
  readonly boundSinceMs: number;
}

/** Rule → the time since which it has applied without a break, in milliseconds. */
export type BoundSince = ReadonlyMap<string, number>;

/** SQL of a rule that cannot stand, by its place in the document. */
export interface ExpressionProblem {
  readonly path: readonly [rules: 'masks' | 'row_filters', index: number, member: string];
  readonly message: string;
  /** Characters before it; null where it is about the whole. */
  readonly position: number | null;
}

/**
 * Since when the names of each rule are bound. A rule that was already in force keeps its time, so that an unrelated
 * change of the policy never re-binds it: a column renamed meanwhile stays masked. `rebind` starts them all anew.
 */
export function boundSince(
  policy: PolicyDocument,
  previous: BoundSince,
  nowMs: number,
  rebind: boolean,
): BoundSince {
  const keys = [
    ...policy.masks.flatMap((mask) => [maskTarget(mask), expressionKey(mask)]),
    ...policy.row_filters.map(rowFilterTarget),
  ];
  return new Map(keys.map((key) => [key, rebind ? nowMs : (previous.get(key) ?? nowMs)]));
}

/** Parses every expression. Throws `access.invalid_policy` with the place of each that cannot stand. */
export async function compilePolicy(parts: {
  document: PolicyDocument;
  version: number;
  since: BoundSince;
  parser: ExpressionParser;
}): Promise<CompiledPolicy> {
  const { document, since } = parts;
  const { problems, masks: ofMasks, rowFilters: ofFilters } = await parseExpressions(document, parts.parser);
  if (problems.length > 0) throw invalidExpressions(problems);
  const masks = document.masks.map((rule, index) => compileMask(rule, ofMasks[index] ?? null, since));
  const rowFilters = document.row_filters.flatMap((rule, index) => {
    const expression = ofFilters[index] ?? null;
    return expression === null ? [] : [compileRowFilter(rule, expression, since)];
  });
  const roles = new Map(Object.entries(document.roles).map(([name, role]) => [name, compileRole(role)]));
  return { version: parts.version, document, roles, masks, rowFilters };
}

/** The SQL of a policy, in the order of its rules; null where a rule has none or where it is among the problems. */
export async function parseExpressions(
  document: PolicyDocument,
  parser: ExpressionParser,
): Promise<{
  readonly masks: readonly (ParsedExpression | null)[];
  readonly rowFilters: readonly (ParsedExpression | null)[];
  readonly problems: readonly ExpressionProblem[];
}> {
  const problems: ExpressionProblem[] = [];
  const parse = async (path: ExpressionProblem['path'], sql: string): Promise<ParsedExpression | null> => {
    const result = await parser.parse(sql);
    if (result.ok) return result.expression;
    problems.push({ path, message: result.message, position: result.position });
    return null;
  };
  const masks: (ParsedExpression | null)[] = [];
  for (const [index, { expression: sql }] of document.masks.entries()) {
    masks.push(sql === undefined ? null : await parse(['masks', index, 'expression'], sql));
  }
  const rowFilters: (ParsedExpression | null)[] = [];
  for (const [index, { where }] of document.row_filters.entries()) {
    rowFilters.push(await parse(['row_filters', index, 'where'], where));
  }
  return { masks, rowFilters, problems };
}

function compileMask(rule: MaskRule, expression: ParsedExpression | null, since: BoundSince): CompiledMask {
  const target = maskTarget(rule);
  return {
    target,
    tag: rule.tag ?? null,
    dataset: rule.dataset ?? null,
    column: rule.column ?? null,
    method: rule.method,
    expression,
    boundSinceMs: since.get(target) ?? 0,
    expressionSinceMs: since.get(expressionKey(rule)) ?? 0,
    ...audience(rule),
  };
}

function compileRowFilter(
  rule: RowFilterRule,
  expression: ParsedExpression,
  since: BoundSince,
): CompiledRowFilter {
  const target = rowFilterTarget(rule);
  return {
    target,
    dataset: rule.dataset,
    expression,
    boundSinceMs: since.get(target) ?? 0,
    ...audience(rule),
  };
}

function compileRole(role: RoleRule): CompiledRole {
  return {
    grants: role.grants,
    permissions: new Set(role.permissions),
    buckets: role.buckets,
    models: role.models,
  };
}

function audience(rule: MaskRule | RowFilterRule): RuleAudience {
  return {
    roles: rule.roles === undefined ? null : new Set(rule.roles),
    exceptRoles: new Set(rule.except_roles),
  };
}

function expressionKey(mask: MaskRule): string {
  return `${maskTarget(mask)} ${mask.expression === undefined ? '' : textMark(mask.expression)}`;
}

/** `masks[0].expression` */
export function expressionPlace([rules, index, member]: ExpressionProblem['path']): string {
  return `${rules}[${index}].${member}`;
}

function invalidExpressions(found: readonly ExpressionProblem[]): LakeError {
  const problems = found.map(({ path, message, position }) => ({
    key: expressionPlace(path),
    message,
    position,
  }));
  const lines = problems.map(({ key, message, position }) =>
    position === null ? `${key}: ${message}.` : `${key}, character ${position + 1}: ${message}.`,
  );
  return new LakeError(accessErrors.invalid_policy, { detail: lines.join('\n'), data: { problems } });
}
