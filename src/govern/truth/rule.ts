import { basename } from 'node:path';
import { z } from 'zod';
import { LakeError, sha256Hex } from '../../base/index.ts';
import { checkToml, closestName, describeProblem, type FileProblem } from '../../config/index.ts';
import { type Condition, conditionSchema, type Predicate, predicateOf } from './condition.ts';
import { truthErrors } from './errors.ts';
import {
  RULE_EXTENTS,
  type RuleExtent,
  TRUTH_ACTIONS,
  TRUTH_PHASES,
  type TruthAction,
  type TruthPhase,
} from './truth.ts';

/** One rule, ready to judge. */
export interface Rule {
  readonly name: string;
  readonly taskClass: string;
  readonly phase: TruthPhase;
  readonly action: TruthAction;
  readonly extent: RuleExtent;
  readonly message: string;
  readonly when: Condition;
  readonly holds: Predicate;
  /** Where the file says the task class, for a refusal. */
  readonly line: number | null;
}

/** All rules of one file, and the fingerprint of the text they came from. */
export interface RuleSet {
  readonly sha256: string;
  readonly rules: readonly Rule[];
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const TASK_CLASS = /^[a-z][a-z0-9_.]{0,63}$/;

const ruleSchema = z
  .strictObject({
    name: z.string().regex(NAME, 'Must be lower-case words joined by hyphens.'),
    task_class: z.string().regex(TASK_CLASS, 'Must be a task class, such as ingest.'),
    phase: z.enum(TRUTH_PHASES),
    action: z.enum(TRUTH_ACTIONS),
    extent: z.enum(RULE_EXTENTS).default('whole'),
    message: z.string().min(1).max(500),
    when: conditionSchema,
  })
  .refine((rule) => rule.action !== 'require-review' || rule.extent === 'whole', {
    path: ['extent'],
    message: 'A rule that asks for a review sees the whole answer: what is reviewed must not have left.',
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
    throw invalidRules(file, checked.problems);
  }
  const rules = checked.value.rules.map(
    ({ task_class, ...rule }, index): Rule => ({
      ...rule,
      taskClass: task_class,
      holds: predicateOf(rule.when),
      line: checked.lines.lineOf(['rules', index, 'task_class']),
    }),
  );
  return { sha256: sha256Hex(text), rules };
}

/** What operations are judged on, as they declare it. */
export interface JudgedTask {
  readonly taskClass: string;
  readonly phase: TruthPhase;
  /** Its inputs name a task of their own: `chat.summarise` is one of `chat`. */
  readonly hasTasks: boolean;
}

function isJudged(taskClass: string, judged: JudgedTask): boolean {
  return taskClass === judged.taskClass || (judged.hasTasks && taskClass.startsWith(`${judged.taskClass}.`));
}

/**
 * Throws `truth.rules_invalid` for a rule that no operation is ever judged by: a task class mistyped would otherwise
 * switch the rule off without a word.
 */
export function requireJudged(rules: RuleSet, judged: readonly JudgedTask[], file: string): void {
  const problems = rules.rules.flatMap((rule): FileProblem[] => {
    const phases = judged.filter((task) => isJudged(rule.taskClass, task)).map(({ phase }) => phase);
    if (phases.includes(rule.phase)) return [];
    const key = `rule ${rule.name}`;
    if (phases.length > 0) {
      const message = `Nothing of the task class ${rule.taskClass} is judged ${rule.phase} its work.`;
      return [{ line: rule.line, key, message, suggestion: phases[0] ?? null }];
    }
    const known = knownClasses(judged);
    const message = `Unknown task class; there are ${known.join(', ')}.`;
    return [{ line: rule.line, key, message, suggestion: closestName(rule.taskClass, known) }];
  });
  if (problems.length > 0) throw invalidRules(file, problems);
}

/**
 * The classes that a request of this one is judged under: `chat` before `chat.match`. Throws `truth.task_class_unknown` where
 * no operation is judged under it: its verdict would never be asked for.
 */
export function classesOf(taskClass: string, judged: readonly JudgedTask[]): readonly string[] {
  const found = judged.filter((task) => isJudged(taskClass, task)).map((task) => task.taskClass);
  if (found.length > 0) return [...new Set([...found, taskClass])];
  const known = knownClasses(judged);
  const near = closestName(taskClass, known);
  const hint = near === null ? '' : ` Did you mean "${near}"?`;
  throw new LakeError(truthErrors.task_class_unknown, {
    detail: `Nothing is judged under this task class; there are ${known.join(', ')}.${hint}`,
  });
}

function knownClasses(judged: readonly JudgedTask[]): readonly string[] {
  return [...new Set(judged.map(({ taskClass }) => taskClass))].sort();
}

function invalidRules(file: string, problems: readonly FileProblem[]): LakeError {
  return new LakeError(truthErrors.rules_invalid, {
    detail: problems.map((problem) => describeProblem(basename(file), problem)).join('\n'),
    data: { problems },
  });
}
