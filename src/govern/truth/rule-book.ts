import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type JsonObject, LakeError } from '../../base/index.ts';
import { ContextTooLargeError } from './condition.ts';
import { truthErrors } from './errors.ts';
import { classesOf, type JudgedTask, parseRules, type Rule, type RuleSet, requireJudged } from './rule.ts';
import type { RuleExtent, RuleOutcome, TruthPhase } from './truth.ts';

/** The rules in force and how often each has matched. The file is read at the start and again when asked to. */
export interface RuleBook {
  current(): RuleSet;
  /** How often the rule matched since the process started; a rule keeps its count over a reload by its name. */
  hits(rule: string): number;
  /** Judges a context; a request counts hits, a dry run does not. */
  judge(
    taskClass: string,
    phase: TruthPhase,
    context: JsonObject,
    options: { readonly dryRun: boolean; readonly extent?: RuleExtent },
  ): readonly RuleOutcome[];
  /** Reads and checks the file; what is in force does not change. */
  read(): Promise<RuleReading>;
  /** From now on every rule must be of one of these tasks; throws `truth.rules_invalid` where one in force is not. */
  restrictTo(judged: readonly JudgedTask[]): void;
  /** The classes that a request of this one is judged under; throws `truth.task_class_unknown` where none of these tasks has it. */
  classesOf(taskClass: string): readonly string[];
  /** Puts a reading in force, unless a later one already is. */
  adopt(reading: RuleReading): void;
}

export interface RuleReading {
  readonly number: number;
  readonly rules: RuleSet;
}

/** Opens the file. Throws `truth.rules_invalid` or `truth.rules_unreadable`: without its rules nothing starts. */
export async function openRuleBook(file: string): Promise<RuleBook> {
  const hits = new Map<string, number>();
  let readings = 0;
  let tasks: readonly JudgedTask[] | null = null;
  const read = async (): Promise<RuleReading> => {
    const number = ++readings;
    const rules = parseRules(await readText(file), file);
    if (tasks !== null) requireJudged(rules, tasks, file);
    return { number, rules };
  };
  let inForce = await read();
  return {
    current: () => inForce.rules,
    hits: (rule) => hits.get(rule) ?? 0,
    judge(taskClass, phase, context, { dryRun, extent = 'whole' }) {
      const outcomes = inForce.rules.rules
        .filter((rule) => rule.taskClass === taskClass && rule.phase === phase)
        .filter((rule) => extent === 'whole' || rule.extent === 'piece')
        .map((rule) => outcomeOf(rule, context));
      if (!dryRun) {
        for (const { rule, matched } of outcomes) if (matched) hits.set(rule, (hits.get(rule) ?? 0) + 1);
      }
      return outcomes;
    },
    restrictTo(judged) {
      requireJudged(inForce.rules, judged, file);
      tasks = judged;
    },
    classesOf: (taskClass) => (tasks === null ? [taskClass] : classesOf(taskClass, tasks)),
    read,
    adopt(reading) {
      if (reading.number > inForce.number) inForce = reading;
    },
  };
}

function outcomeOf(rule: Rule, context: JsonObject): RuleOutcome {
  const matched = holds(rule, context);
  return {
    rule: rule.name,
    taskClass: rule.taskClass,
    matched,
    action: matched ? rule.action : 'allow',
    message: rule.message,
  };
}

function holds(rule: Rule, context: JsonObject): boolean {
  try {
    return rule.holds(context);
  } catch (cause) {
    if (!(cause instanceof ContextTooLargeError)) throw cause;
    throw new LakeError(truthErrors.context_too_large, {
      detail: `The field ${cause.message} is too long for the truth rule "${rule.name}" to judge. Send less text at once.`,
      data: { rule: rule.name, field: cause.message },
      cause,
    });
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new LakeError(truthErrors.rules_unreadable, {
      detail: `The truth rules ${basename(file)} cannot be read. Put the file where truth.rules_file names it.`,
      cause,
    });
  }
}
