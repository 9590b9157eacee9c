import { z } from 'zod';
import { nothingToJudge, permissionRule, readOperation } from '../../scope/index.ts';
import type { RuleBook } from '../rule-book.ts';
import { severestAction, TRUTH_ACTIONS, TRUTH_PHASES } from '../truth.ts';

/** `truth.evaluate`: what the rules would say of a context; counts nothing and enforces nothing. */
export function evaluateRules(book: RuleBook) {
  return readOperation({
    name: 'truth.evaluate',
    summary: 'Try truth rules',
    description:
      'What the rules in force say of a context: a dry run that counts no hit and refuses nothing.',
    input: z.strictObject({
      task_class: z.string().min(1).max(64),
      phase: z.enum(TRUTH_PHASES).default('before'),
      context: z.record(z.string(), z.json()),
    }),
    output: z.strictObject({
      action: z.enum(TRUTH_ACTIONS).describe('The most severe action of the rules that matched.'),
      outcomes: z.array(
        z.strictObject({
          rule: z.string(),
          matched: z.boolean(),
          action: z.enum(TRUTH_ACTIONS),
          message: z.string(),
        }),
      ),
    }),
    access: permissionRule('truth.read'),
    truth: nothingToJudge('A dry run of the rules themselves.'),
    async run(scope, input) {
      scope.requirePermission('truth.read');
      const outcomes = book.judge(input.task_class, input.phase, input.context, { dryRun: true });
      const value = {
        action: severestAction(outcomes),
        outcomes: outcomes.map(({ taskClass: _, ...outcome }) => outcome),
      };
      return { kind: 'value', value };
    },
  });
}
