import { basename } from 'node:path';
import { z } from 'zod';
import { LakeError, sha256Hex } from '../../base/index.ts';
import { checkToml, describeProblem } from '../../config/index.ts';
import { type Condition, conditionSchema, type Predicate, predicateOf } from './condition.ts';
import { truthErrors } from './errors.ts';
import { TRUTH_ACTIONS, TRUTH_PHASES, type TruthAction, type TruthPhase } from './truth.ts';

/** One rule, ready to judge. */
export interface Rule {
  readonly name: string;
  readonly taskClass: string;
  readonly phase: TruthPhase;
  readonly action: TruthAction;
  readonly message: string;
  readonly when: Condition;
  readonly holds: Predicate;
}

/** All rules of one file, and the fingerprint of the text they came from. */
export interface RuleSet {
  readonly sha256: string;
  readonly rules: readonly Rule[];
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const TASK_CLASS = /^[a-z][a-z0-9_.]{0,63}$/;

const ruleSchema = z.strictObject({
  name: z.string().regex(NAME, 'Must be lower-case words joined by hyphens.'),
  task_class: z.string().regex(TASK_CLASS, 'Must be a task class, such as ingest.'),
  phase: z.enum(TRUTH_PHASES),
  action: z.enum(TRUTH_ACTIONS),
  message: z.string().min(1).max(500),
  when: conditionSchema,
});

const rulesSchema = z.strictObject({
  rules: z
    .array(ruleSchema)
    .max(1_000)
    .default([])
    .superRefine((rules, check) => {
      const seen = new Set<string>();
      for (const [index, { name }] of rules.entries()) {
        if (seen.has(name)) {
          check.addIssue({ code: 'custom', path: [index, 'name'], message: 'Another rule has this name.' });
        }
        seen.add(name);
      }
    }),
});

/** Parses the text of a rules file. Throws `truth.rules_invalid` with every mistake's line, key and suggestion. */
export function parseRules(text: string, file: string): RuleSet {
  const checked = checkToml(text, rulesSchema);
  if (!checked.ok) {
    throw new LakeError(truthErrors.rules_invalid, {
      detail: checked.problems.map((problem) => describeProblem(basename(file), problem)).join('\n'),
      data: { problems: checked.problems },
    });
  }
  const rules = checked.value.rules.map(
    ({ task_class, ...rule }): Rule => ({ ...rule, taskClass: task_class, holds: predicateOf(rule.when) }),
  );
  return { sha256: sha256Hex(text), rules };
}
