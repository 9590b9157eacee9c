import { z } from 'zod';
import { nothingToJudge, permissionRule, readOperation } from '../../scope/index.ts';
import { conditionSchema } from '../condition.ts';
import type { RuleBook } from '../rule-book.ts';
import { RULE_EXTENTS, TRUTH_ACTIONS, TRUTH_PHASES } from '../truth.ts';

/** `truth.rules`: every rule in force with its condition and how often it has matched. */
export function listRules(book: RuleBook) {
  return readOperation({
    name: 'truth.rules',
    summary: 'List truth rules',
    description:
      'Every rule in force, with its condition and how often it has matched since the server started.',
    input: z.strictObject({}),
    output: z.strictObject({
      sha256: z.string().describe('Fingerprint of the rules file these rules came from.'),
      rules: z.array(
        z.strictObject({
          name: z.string(),
          task_class: z.string(),
          phase: z.enum(TRUTH_PHASES),
          action: z.enum(TRUTH_ACTIONS),
          extent: z.enum(RULE_EXTENTS),
          message: z.string(),
          when: conditionSchema,
          hits: z.int().min(0),
        }),
      ),
    }),
    access: permissionRule('truth.read'),
    truth: nothingToJudge('Lists the rules themselves.'),
    async run(scope) {
      scope.requirePermission('truth.read');
      const { sha256, rules } = book.current();
      const value = {
        sha256,
        rules: rules.map(({ holds: _holds, line: _line, taskClass, ...rule }) => ({
          ...rule,
          task_class: taskClass,
          hits: book.hits(rule.name),
        })),
      };
      return { kind: 'value', value };
    },
  });
}
