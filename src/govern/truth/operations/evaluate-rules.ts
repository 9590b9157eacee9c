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
      phase: z.enum(TRUTH_PHASES).optional().describe('The rules of one phase; of both where absent.'),
      context: z.record(z.string(), z.json()),
    }),
    output: z.strictObject({
      action: z.enum(TRUTH_ACTIONS).describe('The most severe action of the rules that matched.'),
      outcomes: z.array(
        z.strictObject({
          rule: z.string(),
          phase: z.enum(TRUTH_PHASES),
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
      const { task_class, phase, context } = input;
      const classes = book.classesOf(task_class);
      const outcomes = (phase === undefined ? TRUTH_PHASES : [phase]).flatMap((each) =>
        classes
          .flatMap((one) => book.judge(one, each, context, { dryRun: true }))
          .map(({ taskClass: _, ...outcome }) => ({ phase: each, ...outcome })),
      );
      const value = { action: severestAction(outcomes), outcomes };
      return { kind: 'value', value };
    },
  });
}
