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
  const problems: { key: string; message: string; position: number | null }[] = [];
  const parse = async (key: string, sql: string): Promise<ParsedExpression | null> => {
    const result = await parts.parser.parse(sql);
    if (result.ok) return result.expression;
    problems.push({ key, message: result.message, position: result.position });
    return null;
  };
  const masks: CompiledMask[] = [];
  for (const [index, rule] of document.masks.entries()) {
    const sql = rule.expression;
    const expression = sql === undefined ? null : await parse(`masks[${index}].expression`, sql);
    masks.push(compileMask(rule, expression, since));
  }
  const rowFilters: CompiledRowFilter[] = [];
  for (const [index, rule] of document.row_filters.entries()) {
    const expression = await parse(`row_filters[${index}].where`, rule.where);
    if (expression !== null) rowFilters.push(compileRowFilter(rule, expression, since));
  }
  if (problems.length > 0) throw invalidExpressions(problems);
  const roles = new Map(Object.entries(document.roles).map(([name, role]) => [name, compileRole(role)]));
  return { version: parts.version, document, roles, masks, rowFilters };
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

function invalidExpressions(
  problems: readonly { key: string; message: string; position: number | null }[],
): LakeError {
  const lines = problems.map(({ key, message, position }) =>
    position === null ? `${key}: ${message}.` : `${key}, character ${position + 1}: ${message}.`,
  );
  return new LakeError(accessErrors.invalid_policy, { detail: lines.join('\n'), data: { problems } });
}
